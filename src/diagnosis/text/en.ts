import { CALL_TEXT } from './en/call.ts';
import { CONFIG_TEXT } from './en/config.ts';
import { REACHABILITY_TEXT } from './en/reachability.ts';
import { RULED_OUT_TEXT } from './en/ruled-out.ts';
import { SERVICE_TEXT } from './en/service.ts';
import { VANTAGES_TEXT } from './en/vantages.ts';
import type { TextTable } from './table.ts';

export const ENGLISH: TextTable = {
  findings: { ...CONFIG_TEXT, ...REACHABILITY_TEXT, ...SERVICE_TEXT, ...VANTAGES_TEXT, ...CALL_TEXT },
  ruledOut: RULED_OUT_TEXT,
  units: { more: 'more' },
};
