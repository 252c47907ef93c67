import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Method } from '../../src/core/stun/registry.ts';
import { startTurnServer } from '../../src/index.ts';
import { TurnSocketClient } from '../support/turn-socket-client.ts';

/** Sends, and then the server's process does not run for a while. Right after that it looks at its timers first. */
function thenStandStill<T>(send: () => Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve) => {
    setImmediate(() => {
      resolve(send());
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    });
  });
}

// On a busy machine a process may not run for seconds. What came meanwhile lies in its sockets, and was in time.
describe('a server that stood still', () => {
  it.each(['tcp', 'tls'] as const)('answers over %s what came before the time was up', async (transport) => {
    await using server = await startTurnServer({ lifetimes: { idleStream: 1 } });
    await using client = await TurnSocketClient.open(server, { transport });
    // Until the connection is the server's, too, and its time runs.
    await wait(100);
    const answer = await thenStandStill(() => client.request(Method.Binding), 1500);
    expect(answer.class).toBe('success');
  });
});
