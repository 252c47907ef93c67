import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../../../src/core/address.ts';
import type { WitnessMessage } from '../../../src/core/signaling/witness-message.ts';
import type { WitnessInput, WitnessPlace, WitnessResult } from '../../../src/core/witness/types.ts';
import { Witness } from '../../../src/core/witness/witness.ts';
import { SimulatedNat } from '../../support/nat.ts';
import { address, Simulator } from '../../support/simulator.ts';

export type Mapping = 'endpoint-independent' | 'address-and-port-dependent';
export type Filtering = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

export interface EndOptions {
  /** None: a public address and no filter. */
  readonly nat?: { readonly mapping: Mapping; readonly filtering: Filtering };
  /** The firewall before this end's server: `stateful` lets in answers alone. */
  readonly relay?: 'open' | 'stateful' | 'closed';
  /** What this end may not send to. */
  readonly egress?: (to: SocketAddress) => boolean;
}

const STUN = address('192.0.2.200:3478');
const ROOM_MS = 25;

/** One end in virtual time: its machine, its sockets, its NAT, its relay. */
export class End {
  readonly machine = new Witness();
  readonly sent: { readonly from: WitnessPlace; readonly to: SocketAddress }[] = [];
  readonly said: WitnessMessage[] = [];
  result: WitnessResult | undefined;
  problem: string | null | undefined;
  /** Changes, or keeps back, what this end says. */
  tamper: (message: WitnessMessage) => WitnessMessage | undefined = (message) => message;
  other: End | undefined;
  readonly #world: Simulator;
  readonly #options: EndOptions;
  readonly #nat: SimulatedNat | undefined;
  readonly #sockets: ReadonlyMap<'ear' | 'mouth', SocketAddress>;
  readonly #relayed: SocketAddress;
  readonly #relaySentTo: SocketAddress[] = [];
  #permitted: string | undefined;

  constructor(world: Simulator, number: number, options: EndOptions) {
    this.#world = world;
    this.#options = options;
    const host = options.nat === undefined ? `198.51.100.${number}` : `10.0.${number}.2`;
    this.#sockets = new Map([
      ['ear', address(`${host}:50001`)],
      ['mouth', address(`${host}:50002`)],
    ]);
    this.#relayed = address(`203.0.113.${number}:49200`);
    this.#nat =
      options.nat && new SimulatedNat({ ...options.nat, hairpinning: false, publicAddress: `198.51.100.${number}` });
    world.add({
      owns: (to) => this.#owner(to) !== undefined,
      receive: ({ from, to, bytes }) => this.#receive(from, to, bytes),
      get wakeAt() {
        return undefined;
      },
      wake: () => {},
    });
  }

  input(input: WitnessInput): void {
    this.machine.handle(input, this.#world.now);
    this.drain();
  }

  drain(): void {
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      if (output.kind === 'event') {
        if (output.event.type === 'measured') {
          this.result = output.event.result;
          this.#world.after(1, () => this.input({ type: 'judged', nat: null }));
        } else this.problem = output.event.problem;
        continue;
      }
      const { command } = output;
      if (command.type === 'say') this.#say(command.message);
      else if (command.type === 'open')
        this.#world.after(40, () => this.input({ type: 'opened', hello: this.#hello() }));
      else if (command.type === 'permit') {
        this.#permitted = command.peer?.address;
        this.#world.after(30, () => this.input({ type: 'permitted' }));
      } else this.#send(command.by, command.to, command.bytes);
    }
  }

  #say(message: WitnessMessage): void {
    this.said.push(message);
    const told = this.tamper(message);
    if (told !== undefined) this.#world.after(ROOM_MS, () => this.other?.input({ type: 'message', message: told }));
  }

  #hello() {
    const seen = (socket: 'ear' | 'mouth'): string => {
      const local = this.#sockets.get(socket) ?? STUN;
      return formatSocketAddress(this.#nat?.outbound(local, STUN, this.#world.now) ?? local);
    };
    const relays = this.#options.relay === undefined ? [] : [formatSocketAddress(this.#relayed)];
    const token = this.#relayed.address.endsWith('.1') ? 'a1a2a3a4a5a6a7a8' : 'b1b2b3b4b5b6b7b8';
    return { token, ear: seen('ear'), mouth: seen('mouth'), relays, call: false };
  }

  #send(by: WitnessPlace, to: SocketAddress, bytes: Uint8Array): void {
    this.sent.push({ from: by, to });
    if (typeof by === 'number') {
      // TURN drops what goes to somebody without a permission.
      if (this.#permitted !== to.address || this.#options.relay === 'closed') return;
      this.#relaySentTo.push(to);
      this.#world.send({ from: this.#relayed, to, bytes, stream: false });
      return;
    }
    if (this.#options.egress?.(to) === false) return;
    const local = this.#sockets.get(by) ?? STUN;
    const from = this.#nat?.outbound(local, to, this.#world.now) ?? local;
    this.#world.send({ from, to, bytes, stream: false });
  }

  #owner(to: SocketAddress): 'relay' | 'nat' | 'ear' | 'mouth' | undefined {
    if (sameSocketAddress(to, this.#relayed)) return 'relay';
    if (this.#nat !== undefined) return this.#nat.publicAddresses.includes(to.address) ? 'nat' : undefined;
    return [...this.#sockets].find(([, local]) => sameSocketAddress(local, to))?.[0];
  }

  #receive(from: SocketAddress, to: SocketAddress, bytes: Uint8Array): void {
    const owner = this.#owner(to);
    if (owner === 'relay') {
      const known = this.#relaySentTo.some((each) => sameSocketAddress(each, from));
      const { relay } = this.#options;
      if (relay === 'closed' || (relay === 'stateful' && !known) || this.#permitted !== from.address) return;
      this.input({ type: 'received', at: 0, from, bytes });
      return;
    }
    const local = owner === 'nat' ? this.#nat?.inbound(from, to, this.#world.now) : to;
    const socket = [...this.#sockets].find(([, each]) => local !== undefined && sameSocketAddress(each, local));
    if (socket !== undefined) this.input({ type: 'received', at: socket[0], from, bytes });
  }
}

export interface Witnessed {
  readonly world: Simulator;
  readonly a: End;
  readonly b: End;
}

export function ends(a: EndOptions, b: EndOptions, lossPercent = 0): Witnessed {
  const world = new Simulator({ seed: 7, delayMs: 30, jitterMs: 20, lossPercent });
  const pair = { world, a: new End(world, 1, a), b: new End(world, 2, b) };
  pair.a.other = pair.b;
  pair.b.other = pair.a;
  for (const end of [pair.a, pair.b]) {
    world.add({
      owns: () => false,
      receive: () => {},
      get wakeAt() {
        return end.machine.deadline?.at;
      },
      wake: (now) => {
        end.machine.handleTimeout(now);
        end.drain();
      },
    });
  }
  return pair;
}

/** From the first word to the last. */
export function run(pair: Witnessed): Witnessed {
  pair.a.input({ type: 'start' });
  pair.world.after(300, () => pair.b.input({ type: 'start' }));
  pair.world.run();
  return pair;
}
