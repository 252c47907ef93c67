// Encoding and decoding of STUN messages: this project's codec, the packages that npm has, pion's, and the HMAC alone.
//
// Targets: a Binding answer ten times as fast as werift-ice; with integrity, within 1.5 times of the HMACs that it consists of.
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { Message, parseMessage } from 'werift-ice';
import { locate } from '../scripts/requirements.mjs';
import {
  ErrorCodeAttribute,
  IceControlling,
  Nonce,
  Priority,
  Realm,
  Software,
  Username,
  XorMappedAddress,
} from '../src/core/stun/attributes.ts';
import { MessageBuilder } from '../src/core/stun/encode.ts';
import { checkFingerprint } from '../src/core/stun/fingerprint.ts';
import { checkIntegrity } from '../src/core/stun/integrity.ts';
import { decodeMessage } from '../src/core/stun/message.ts';
import { Method } from '../src/core/stun/registry.ts';
import { nodeHashes } from '../src/net/hashes.ts';
import { buildGo } from './support/go.ts';
import { type Contestant, checksum, measure, table } from './support/rate.ts';
import { keepRow, times } from './support/rows.ts';

// Plain JavaScript without types, and in other respects of 2020, too.
const stun = createRequire(import.meta.url)('stun') as {
  readonly constants: Readonly<Record<string, number>>;
  createMessage(type: number | undefined, id: Buffer): StunPackageMessage;
  encode(message: StunPackageMessage): Buffer;
  decode(bytes: Buffer): StunPackageMessage;
  validateMessageIntegrity(message: StunPackageMessage, key: string): boolean;
  validateFingerprint(message: StunPackageMessage): boolean;
};

interface StunPackageMessage {
  addAttribute(type: number | undefined, ...values: unknown[]): void;
  getAttribute(type: number | undefined): { readonly value: { readonly port: number } };
  addMessageIntegrity(key: string): void;
  addFingerprint(): void;
}

const id = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex');
const password = 'VOkJxbRl1RmTxUk/WvJxBt';
const key = Buffer.from(password);
const software = 'iceprobe';
const tieBreaker = Buffer.from('932ff9b151263b36', 'hex');

/** A Binding answer: XOR-MAPPED-ADDRESS and SOFTWARE, encoded, decoded, the address read. */
function bindingAnswer(address: string): Contestant[] {
  const family = address.includes(':') ? 6 : 4;
  return [
    {
      name: 'iceprobe',
      run() {
        const bytes = new MessageBuilder('success', Method.Binding, id)
          .add(XorMappedAddress, { family, address, port: 32853 })
          .add(Software, software)
          .build();
        const decoded = decodeMessage(bytes);
        return decoded.ok ? (decoded.value.get(XorMappedAddress)?.port ?? 0) : 0;
      },
    },
    {
      name: 'werift-ice',
      run() {
        const bytes = new Message(1, 0x100, id)
          .setAttribute('XOR-MAPPED-ADDRESS', [address, 32853])
          .setAttribute('SOFTWARE', software).bytes;
        return parseMessage(bytes)?.getAttributeValue('XOR-MAPPED-ADDRESS')[1];
      },
    },
    {
      name: 'stun',
      run() {
        const { constants } = stun;
        const message = stun.createMessage(constants['STUN_BINDING_RESPONSE'], id);
        message.addAttribute(constants['STUN_ATTR_XOR_MAPPED_ADDRESS'], address, 32853);
        message.addAttribute(constants['STUN_ATTR_SOFTWARE'], software);
        const decoded = stun.decode(stun.encode(message));
        return decoded.getAttribute(constants['STUN_ATTR_XOR_MAPPED_ADDRESS']).value.port;
      },
    },
  ];
}

/** A 401: text attributes and an error, none of which werift-ice or stun read differently. */
function challenge(): Contestant[] {
  const reason = 'Unauthorized';
  const nonce = '2e342127a8eefdfd';
  return [
    {
      name: 'iceprobe',
      run() {
        const bytes = new MessageBuilder('error', Method.Allocate, id)
          .add(ErrorCodeAttribute, { code: 401, reason })
          .add(Nonce, nonce)
          .add(Realm, 'example.org')
          .add(Software, software)
          .build();
        const decoded = decodeMessage(bytes);
        if (!decoded.ok) return 0;
        const message = decoded.value;
        return (
          (message.get(ErrorCodeAttribute)?.code ?? 0) +
          (message.get(Nonce)?.length ?? 0) +
          (message.get(Realm)?.length ?? 0) +
          (message.get(Software)?.length ?? 0)
        );
      },
    },
    {
      name: 'werift-ice',
      run() {
        const bytes = new Message(3, 0x110, id)
          .setAttribute('ERROR-CODE', [401, reason])
          .setAttribute('NONCE', Buffer.from(nonce))
          .setAttribute('REALM', 'example.org')
          .setAttribute('SOFTWARE', software).bytes;
        const message = parseMessage(bytes);
        if (message === undefined) return 0;
        return (
          message.getAttributeValue('ERROR-CODE')[0] +
          message.getAttributeValue('NONCE').toString().length +
          message.getAttributeValue('REALM').length +
          message.getAttributeValue('SOFTWARE').length
        );
      },
    },
  ];
}

/** A connectivity check with MESSAGE-INTEGRITY and FINGERPRINT, encoded, decoded, both verified. */
function check(): Contestant[] {
  const covered = Buffer.alloc(72);
  return [
    {
      name: 'the two HMACs alone',
      run: () =>
        (createHmac('sha1', key).update(covered).digest()[0] ?? 0) +
        (createHmac('sha1', key).update(covered).digest()[1] ?? 0),
    },
    {
      name: 'iceprobe',
      run() {
        const bytes = new MessageBuilder('request', Method.Binding, id)
          .add(Username, 'evtj:h6vY')
          .add(Priority, 0x6e0001ff)
          .add(IceControlling, tieBreaker)
          .integrity(key, nodeHashes)
          .fingerprint()
          .build();
        const decoded = decodeMessage(bytes);
        if (!decoded.ok) return 0;
        const message = decoded.value;
        if (checkFingerprint(message) !== 'valid' || checkIntegrity(message, key, nodeHashes) !== 'valid')
          throw new Error('invalid');
        return message.get(Priority) ?? 0;
      },
    },
    {
      name: 'werift-ice',
      run() {
        const bytes = new Message(1, 0, id)
          .setAttribute('USERNAME', 'evtj:h6vY')
          .setAttribute('PRIORITY', 0x6e0001ff)
          .setAttribute('ICE-CONTROLLING', 0x932ff9b151263b36n)
          .addMessageIntegrity(key)
          .addFingerprint().bytes;
        const message = parseMessage(bytes, key);
        if (message === undefined) throw new Error('invalid');
        return message.getAttributeValue('PRIORITY');
      },
    },
    {
      name: 'stun',
      run() {
        const { constants } = stun;
        const message = stun.createMessage(constants['STUN_BINDING_REQUEST'], id);
        // Eight characters: it re-encodes before it verifies, and forgets what filled the padding.
        message.addAttribute(constants['STUN_ATTR_USERNAME'], 'evtj:h6v');
        message.addAttribute(constants['STUN_ATTR_PRIORITY'], 0x6e0001ff);
        message.addMessageIntegrity(password);
        message.addFingerprint();
        const decoded = stun.decode(stun.encode(message));
        if (!stun.validateFingerprint(decoded) || !stun.validateMessageIntegrity(decoded, password))
          throw new Error('invalid');
        return 1;
      },
    },
  ];
}

const answer4 = measure(bindingAnswer('192.0.2.1'));
const answer6 = measure(bindingAnswer('2001:db8:1234:5678:11:2233:4455:6677'));
const error = measure(challenge());
const integrity = measure(check());

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
const overHmac = perSecond(integrity, 'the two HMACs alone') / perSecond(integrity, 'iceprobe');
console.log(`Binding answer, times werift-ice: ${speedups.map((ratio) => ratio.toFixed(1)).join(', ')} (target: 10)`);
console.log(`time over the HMACs alone: ${overHmac.toFixed(2)} (target: at most 1.5)`);
for (const [what, rates, name, target] of [
  ['Binding answer, IPv4', answer4, 'werift-ice', 10],
  ['Binding answer, IPv6', answer6, 'werift-ice', 10],
  ['Binding answer, IPv4', answer4, 'stun', undefined],
  ['401 with realm and nonce', error, 'werift-ice', undefined],
  ['check with integrity', integrity, 'werift-ice', undefined],
  ['check with integrity', integrity, 'stun', undefined],
  ['check with integrity', integrity, 'the two HMACs alone', 1 / 1.5],
] as const) {
  const ratio = perSecond(rates, 'iceprobe') / perSecond(rates, name);
  keepCodecRow(what, perSecond(rates, 'iceprobe'), name, perSecond(rates, name), ratio, target);
}
if (pion !== undefined) {
  keepCodecRow('Binding answer, IPv4', perSecond(answer4, 'iceprobe'), 'pion (Go)', pion.answer);
  keepCodecRow('check with integrity', perSecond(integrity, 'iceprobe'), 'pion (Go)', pion.check);
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
