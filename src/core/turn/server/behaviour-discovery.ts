import { addressKind, type SocketAddress } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import { fail, ok, type Result } from '../../result.ts';
import {
  ChangeRequest,
  MappedAddress,
  OtherAddress,
  Padding,
  ResponseOrigin,
  ResponsePort,
  XorMappedAddress,
} from '../../stun/attributes.ts';
import type { StunMessage } from '../../stun/message.ts';
import { AttributeType } from '../../stun/registry.ts';
import type { FiveTuple } from './allocation.ts';
import type { AttributeSink } from './outcome.ts';
import { badRequest, type Refusal, refusal } from './refusal.ts';
import { UNDERSTOOD, unknownTo } from './requests.ts';

/** The answer to a Binding request: what it holds, from which socket and to which port it goes. */
export interface BindingAnswer {
  readonly add: (sink: AttributeSink) => void;
  /** Undefined: the one that was asked. */
  readonly from: TransportId | undefined;
  readonly to: SocketAddress;
}

/** One listener with the three others of its square of two addresses and two ports. */
interface Square {
  readonly otherAddress: { readonly transport: TransportId };
  readonly otherPort: { readonly transport: TransportId };
  /** Both differ: OTHER-ADDRESS. */
  readonly opposite: { readonly transport: TransportId; readonly local: SocketAddress };
}

/** Binding requests, with NAT behaviour discovery (RFC 5780) where there are two addresses with two ports each. */
export class BehaviourDiscovery {
  readonly #listeners: ReadonlyMap<TransportId, SocketAddress>;

  constructor(listeners: ReadonlyMap<TransportId, SocketAddress>) {
    this.#listeners = listeners;
  }

  answer(tuple: FiveTuple, message: StunMessage): Result<BindingAnswer, Refusal> {
    // RFC 5780 7.2: its attributes make sense over UDP alone.
    const square = tuple.protocol === 'udp' ? this.#squareOf(tuple.local) : undefined;
    const unknown = unknownTo(message, square === undefined ? UNDERSTOOD : UNDERSTOOD_HERE);
    if (unknown !== undefined) return fail(unknown);
    const plain: BindingAnswer = {
      add: (sink) => sink.add(XorMappedAddress, tuple.client),
      from: undefined,
      to: tuple.client,
    };
    return square === undefined ? ok(plain) : this.#discovery(tuple, message, square, plain);
  }

  /** RFC 5780 6.1. */
  #discovery(
    { local, client }: FiveTuple,
    message: StunMessage,
    square: Square,
    plain: BindingAnswer,
  ): Result<BindingAnswer, Refusal> {
    const port = message.read(ResponsePort);
    const padding = message.read(Padding);
    const change = message.read(ChangeRequest);
    if (change?.ok === false) return fail(badRequest(`CHANGE-REQUEST: ${change.error}`));
    if (port?.ok === false || port?.value === 0) return fail(badRequest('RESPONSE-PORT: no port'));
    // RFC 5780 7.5 and 7.6: together they would send large answers to somebody who did not ask.
    if (port !== undefined && padding !== undefined)
      return fail(badRequest('RESPONSE-PORT and PADDING exclude each other'));
    const from = change === undefined ? undefined : chosen(square, change.value);
    const origin = from === undefined ? local : this.#listeners.get(from);
    if (origin === undefined) return fail(refusal(500, 'a listener is gone'));
    return ok({
      from,
      to: port === undefined ? client : { ...client, port: port.value },
      add(sink) {
        plain.add(sink);
        sink.add(MappedAddress, client).add(ResponseOrigin, origin).add(OtherAddress, square.opposite.local);
        // As much as came: the RFC's "one MTU" would make a small request into a large answer.
        if (padding?.ok === true) sink.add(Padding, new Uint8Array(padding.value.length));
      },
    });
  }

  /** Undefined unless this listener is a corner of a whole square. */
  #squareOf(local: SocketAddress): Square | undefined {
    // Who can reach this address cannot reach one on loopback, and the other way round it proves nothing.
    const isLoopback = addressKind(local.address) === 'loopback';
    const corners = [...this.#listeners].filter(
      ([, each]) => each.family === local.family && (addressKind(each.address) === 'loopback') === isLoopback,
    );
    const opposite = corners.find(([, each]) => each.address !== local.address && each.port !== local.port);
    if (opposite === undefined) return undefined;
    const [transport, other] = opposite;
    const at = (address: string, port: number) =>
      corners.find(([, each]) => each.address === address && each.port === port)?.[0];
    const otherAddress = at(other.address, local.port);
    const otherPort = at(local.address, other.port);
    if (otherAddress === undefined || otherPort === undefined) return undefined;
    return {
      otherAddress: { transport: otherAddress },
      otherPort: { transport: otherPort },
      opposite: { transport, local: other },
    };
  }
}

function chosen(square: Square, change: { readonly changeIp: boolean; readonly changePort: boolean }) {
  if (change.changeIp && change.changePort) return square.opposite.transport;
  if (change.changeIp) return square.otherAddress.transport;
  return change.changePort ? square.otherPort.transport : undefined;
}

const UNDERSTOOD_HERE: ReadonlySet<number> = new Set<number>([
  ...UNDERSTOOD,
  AttributeType.ChangeRequest,
  AttributeType.ResponsePort,
  AttributeType.Padding,
]);
