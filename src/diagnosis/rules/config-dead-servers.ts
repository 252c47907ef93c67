/** Public servers that old tutorials and answers name and that no longer serve. Names only: what still answers is not listed. */
const DEAD: Readonly<Record<string, string>> = {
  'numb.viagenie.ca': 'shut down by Viagénie',
  'stunserver.stunprotocol.org': 'retired by its operator',
  'stun.fwdnet.net': 'Free World Dialup closed',
  'stun.xten.com': 'the company and its server are gone',
  'stun01.sipphone.com': 'SIPphone closed',
  'provserver.televolution.net': 'the name is gone',
  'sip1.lakedestiny.cordiaip.com': 'the name is gone',
  'stun1.voiceeclipse.net': 'the name is gone',
  'turn.bistri.com': 'the demonstration server is gone',
  'turn.anyfirewall.com': 'the demonstration server is gone',
  '192.158.29.39': 'a demonstration server of 2013, long gone; its credentials are in countless examples',
  '192.158.30.23': 'a demonstration server of 2013, long gone',
};

/** Why a host serves no more; undefined for one that nobody declared dead. */
export function deadServer(host: string): string | undefined {
  return Object.hasOwn(DEAD, host) ? DEAD[host] : undefined;
}
