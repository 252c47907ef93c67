import type { Rule } from './diagnose.ts';
import { auditRules } from './rules/audit.ts';
import { authRules } from './rules/auth.ts';
import { callRules } from './rules/call.ts';
import { configRules } from './rules/config.ts';
import { dnsRules } from './rules/dns.ts';
import { iceRules } from './rules/ice.ts';
import { natRules } from './rules/nat.ts';
import { netRules } from './rules/net.ts';
import { relayRules } from './rules/relay.ts';
import { stunRules } from './rules/stun.ts';
import { tlsRules } from './rules/tls.ts';
import { vantageRules } from './rules/vantages.ts';

/** All rules, a file for each family. Their order does not matter. */
export const RULES: readonly Rule[] = [
  ...configRules,
  ...dnsRules,
  ...netRules,
  ...tlsRules,
  ...authRules,
  ...relayRules,
  ...stunRules,
  ...natRules,
  ...iceRules,
  ...vantageRules,
  ...callRules,
  ...auditRules,
];
