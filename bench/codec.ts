// Encoding and decoding of STUN messages: this project's codec, the packages that npm has, pion's, and the HMAC alone.
//
// Targets: a Binding answer ten times as fast as werift-ice; with integrity, within 1.5 times of the HMACs that it consists of.
import { execFileSync } from 'node:child_process';
import { locate } from '../scripts/requirements.mjs';
import { bindingAnswer, type Codec, challenge, check } from './support/codecs.ts';
import { buildGo } from './support/go.ts';
import { type Contestant, checksum, measure, table } from './support/rate.ts';
import { keepRow, times } from './support/rows.ts';

const answers = bindingAnswer('192.0.2.1');
const answer4 = measure(answers.map(both));
const answer6 = measure(bindingAnswer('2001:db8:1234:5678:11:2233:4455:6677').map(both));
const error = measure(challenge().map(both));
const integrity = measure(check().map(both));

console.log(`node ${process.version}, best of 8 rounds; encode, decode and read, thousands a second\n`);
console.log(`Binding answer, IPv4\n${table(answer4)}\n\nBinding answer, IPv6\n${table(answer6)}\n`);
console.log(
  `401 with realm and nonce\n${table(error)}\n\nconnectivity check with MESSAGE-INTEGRITY and FINGERPRINT\n${table(integrity)}\n`,
);

// The same work in Go, by the codec that most servers of pion's family have.
const pion = pionRates();
if (pion === undefined) console.log('Go or pion is not installed: left out\n');
else
  console.log(
    `pion (Go): Binding answer ${(pion.answer / 1000).toFixed(1)} k/s, connectivity check ${(pion.check / 1000).toFixed(1)} k/s\n`,
  );

const perSecond = (rates: typeof answer4, name: string): number =>
  rates.find((rate) => rate.name === name)?.perSecond ?? Number.NaN;
const speedups = [answer4, answer6].map((rates) => perSecond(rates, 'iceprobe') / perSecond(rates, 'werift-ice'));
const overHmac = perSecond(integrity, 'the HMAC alone') / perSecond(integrity, 'iceprobe');
console.log(`Binding answer, times werift-ice: ${speedups.map((ratio) => ratio.toFixed(1)).join(', ')} (target: 10)`);
console.log(`time over the HMACs alone: ${overHmac.toFixed(2)} (target: at most 1.5)`);
for (const [what, rates, name, target] of [
  ['Binding answer, IPv4', answer4, 'werift-ice', 10],
  ['Binding answer, IPv6', answer6, 'werift-ice', 10],
  ['Binding answer, IPv4', answer4, 'stun', undefined],
  ['401 with realm and nonce', error, 'werift-ice', undefined],
  ['check with integrity', integrity, 'werift-ice', undefined],
  ['check with integrity', integrity, 'stun', undefined],
  ['check with integrity', integrity, 'the HMAC alone', 1 / 1.5],
] as const) {
  const ratio = perSecond(rates, 'iceprobe') / perSecond(rates, name);
  keepCodecRow(what, perSecond(rates, 'iceprobe'), name, perSecond(rates, name), ratio, target);
}
for (const [what, codecs, peers] of [
  ['Binding answer, IPv4', answers, ['werift-ice', 'stun']],
  ['check with integrity', check(), ['werift-ice', 'stun', 'the HMAC alone']],
] as const) {
  for (const [work, half] of [
    ['encoded', encodeAlone],
    ['decoded', decodeAlone],
  ] as const) {
    const rates = measure(codecs.map(half));
    console.log(`${what}, ${work} alone\n${table(rates)}\n`);
    for (const peer of peers)
      keepCodecRow(`${what}, ${work} alone`, perSecond(rates, 'iceprobe'), peer, perSecond(rates, peer));
  }
}
if (pion !== undefined) {
  keepCodecRow('Binding answer, IPv4', perSecond(answer4, 'iceprobe'), 'pion (Go)', pion.answer);
  keepCodecRow('check with integrity', perSecond(integrity, 'iceprobe'), 'pion (Go)', pion.check);
}

function both({ name, encode, read }: Codec): Contestant {
  return { name, run: () => read(encode()) };
}

function encodeAlone({ name, encode }: Codec): Contestant {
  return { name, run: () => encode().length };
}

function decodeAlone({ name, encode, read }: Codec): Contestant {
  const bytes = encode();
  return { name, run: () => read(bytes) };
}

function pionRates(): Record<'answer' | 'check', number> | undefined {
  if (locate('go') === undefined || locate('pion') === undefined) return undefined;
  return JSON.parse(execFileSync(buildGo('codec-pion'), { encoding: 'utf8' })) as Record<'answer' | 'check', number>;
}

function keepCodecRow(
  what: string,
  ours: number,
  peer: string,
  theirs: number,
  ratio = ours / theirs,
  target?: number,
): void {
  const unit = (rate: number): string => `${(rate / 1000).toFixed(0)} k/s`;
  keepRow({
    what: `codec: ${what}`,
    ours: unit(ours),
    peer,
    theirs: unit(theirs),
    ratio: times(ratio),
    ...(target === undefined ? {} : { target: { text: `at least ${target.toFixed(2)}`, met: ratio >= target } }),
  });
}
console.log(`checksum ${checksum() % 1e6}`);
if (process.argv.includes('--check') && (Math.min(...speedups) < 10 || overHmac > 1.5)) process.exitCode = 1;
