import { type AddressKind, addressKind, parseSocketAddress, type SocketAddress } from '../address.ts';
import { sameBytes } from '../bytes.ts';

/** Tells our packets from any stranger's, and a stranger what it is that arrives. */
const MARK = Uint8Array.from('iceprobe', (letter) => letter.charCodeAt(0));
const LENGTH = 20;

export interface WitnessPacket {
  readonly phase: number;
  /** 0: the direct way; from 1 on: the relays of whom it is about, in their order. */
  readonly index: number;
  readonly number: number;
}

/** 8 bytes of mark, 8 of the token that the receiver gave, phase, index, number, and a zero. */
export function witnessPacket(token: string, { phase, index, number }: WitnessPacket): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  bytes.set(MARK);
  bytes.set(tokenBytes(token), 8);
  bytes.set([phase, index, number], 16);
  return bytes;
}

/** What a packet says that carries our token; undefined for any other bytes. */
export function readWitnessPacket(token: string, bytes: Uint8Array): WitnessPacket | undefined {
  if (bytes.length !== LENGTH || !sameBytes(bytes.subarray(0, 8), MARK)) return undefined;
  if (!sameBytes(bytes.subarray(8, 16), tokenBytes(token))) return undefined;
  const [phase = 0, index = 0, number = 0] = bytes.subarray(16);
  return { phase, index, number };
}

function tokenBytes(token: string): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => Number.parseInt(token.slice(2 * i, 2 * i + 2), 16));
}

/**
 * An address that the other end named, where packets may go: public, or of the sort that our own has as servers see it (two
 * ends within one private network); never a port below 1024, where services are, nor many hosts at once.
 */
export function witnessTarget(named: string | null, own: string | null): SocketAddress | undefined {
  const target = named === null ? undefined : parseSocketAddress(named);
  const mine = own === null ? undefined : parseSocketAddress(own);
  if (target === undefined || target.port < 1024) return undefined;
  if (mine !== undefined && mine.family !== target.family) return undefined;
  const kind = addressKind(target.address);
  const isMutual = mine !== undefined && MUTUAL.includes(kind) && kind === addressKind(mine.address);
  return kind === 'public' || isMutual ? target : undefined;
}

const MUTUAL: readonly AddressKind[] = ['private', 'cgnat', 'loopback'];
