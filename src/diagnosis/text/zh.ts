import type { Finding } from '../../record/finding.ts';
import { render } from '../render.ts';
import { ACCESS_ZH } from './zh/access.ts';
import { CALL_ZH } from './zh/call.ts';
import { CONFIG_ZH } from './zh/config.ts';
import { NETWORK_ZH } from './zh/network.ts';
import { RELAY_ZH } from './zh/relay.ts';
import { RULED_OUT_ZH } from './zh/ruled-out.ts';
import type { ShortText } from './zh/short-text.ts';

/** The findings in Simplified Chinese. One that is missing is shown in English: better than not at all. */
export const CHINESE: Readonly<Record<string, ShortText>> = {
  ...CONFIG_ZH,
  ...NETWORK_ZH,
  ...ACCESS_ZH,
  ...RELAY_ZH,
  ...CALL_ZH,
};

/** The words of a finding in Chinese, from its id and parameters; undefined where there are none. */
export function chineseWordsOf({ id, params }: Pick<Finding, 'id' | 'params'>): ShortText | undefined {
  const text = CHINESE[id];
  if (text === undefined) return undefined;
  // Where English puts in the word itself, Chinese needs to know which.
  const { works } = params;
  const choices = { ...params, worksInTerminal: works === 'terminal', worksInBrowser: works === 'browser' };
  const fill = (template: string): string => render(template, choices, '个');
  return { title: fill(text.title), detail: fill(text.detail), fix: fill(text.fix) };
}

/** What was ruled out, in Chinese; undefined where it has no key that is known here. */
export function chineseRuledOut(key: string | undefined, params: Finding['params']): string | undefined {
  const text = key === undefined ? undefined : RULED_OUT_ZH[key];
  return text === undefined ? undefined : `${text.cause}（${render(text.because, params)}）`;
}
