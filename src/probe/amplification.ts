import type { SocketAddress } from '../core/address.ts';
import type { Amplification } from '../core/attempt.ts';
import { sameBytes } from '../core/bytes.ts';
import { Lifetime, RequestedTransport } from '../core/stun/attributes.ts';
import { MessageBuilder } from '../core/stun/encode.ts';
import { decodeMessage } from '../core/stun/message.ts';
import { Method } from '../core/stun/registry.ts';
import type { ProbeEnvironment } from './environment.ts';
import type { LadderTarget } from './ladder.ts';
import { Peer } from './peer.ts';

/** Answers to one request come together. */
const LISTEN_MS = 500;
const UDP = 17;

/**
 * How much more a server sends than it was sent, for requests that anybody can forge: a Binding as short as can be, and an
 * Allocate without credentials. Undefined where it answers neither.
 */
export async function measureAmplification(
  target: Pick<LadderTarget, 'server' | 'local'>,
  environment: ProbeEnvironment,
): Promise<Amplification | undefined> {
  const measured = await Promise.all([
    measure('Binding', target, environment),
    measure('Allocate', target, environment),
  ]);
  return measured.filter((each) => each !== undefined).toSorted((a, b) => b.factor - a.factor)[0];
}

async function measure(
  method: Amplification['method'],
  { server, local }: Pick<LadderTarget, 'server' | 'local'>,
  environment: ProbeEnvironment,
): Promise<Amplification | undefined> {
  const peer = await Peer.open(local, environment);
  if (peer === undefined) return undefined;
  const transactionId = environment.random.bytes(12);
  const builder = new MessageBuilder('request', Method[method], transactionId);
  const request = (method === 'Allocate' ? builder.add(RequestedTransport, UDP) : builder).build();
  let answers = 0;
  let bytes = 0;
  let isGranted = false;
  // From any source: a request that is answered from elsewhere is amplified all the same.
  peer.onPacket = (packet) => {
    const decoded = decodeMessage(packet);
    if (!decoded.ok || !sameBytes(decoded.value.transactionId, transactionId)) return;
    answers++;
    bytes += packet.length;
    if (method === 'Allocate' && decoded.value.class === 'success') isGranted = true;
  };
  try {
    peer.send(server, request);
    await new Promise((resolve) => setTimeout(resolve, LISTEN_MS));
    if (isGranted) giveBack(peer, server, environment);
  } finally {
    peer.close();
  }
  if (answers === 0) return undefined;
  const headers = HEADERS[server.family];
  const requestBytes = request.length + headers;
  const answerBytes = bytes + answers * headers;
  return { method, requestBytes, answers, answerBytes, factor: Math.round((10 * answerBytes) / requestBytes) / 10 };
}

/** IP and UDP. */
const HEADERS = { 4: 28, 6: 48 } as const;

/** An open relay has granted an allocation to nobody in particular. */
function giveBack(peer: Peer, server: SocketAddress, environment: ProbeEnvironment): void {
  const refresh = new MessageBuilder('request', Method.Refresh, environment.random.bytes(12)).add(Lifetime, 0).build();
  peer.send(server, refresh);
}
