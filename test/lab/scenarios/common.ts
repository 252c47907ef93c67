import { createHmac } from 'node:crypto';
import { serverAddresses } from '../support/network.ts';
import type { ScenarioServer } from '../support/scenario.ts';
import { PASSWORD, USER } from '../support/servers.ts';

/** The first server's two addresses, and the second's. */
export const [S1, S1B] = serverAddresses(1, {}).addresses;
export const [S2] = serverAddresses(2, {}).addresses;
export const [S1V6] = serverAddresses(1, {}).addresses6;
export const [S2V6] = serverAddresses(2, {}).addresses6;

/** A name that the tests' certificates bear. */
export const NAME = 'turn.example.org';

export const GOOD: ScenarioServer = { turn: [{ kind: 'coturn' }] };
export const GOOD_PION: ScenarioServer = { turn: [{ kind: 'pion' }] };

/** Words for the right user. */
export const LOGIN = ['-u', USER, '-p', PASSWORD] as const;

/** A credential of the "TURN REST API" from a shared secret, that many seconds from now until it expires. */
export function restLogin(secret: string, secondsLeft: number): string[] {
  const name = `${Math.floor(Date.now() / 1000) + secondsLeft}:alice`;
  return ['-u', name, '-p', createHmac('sha1', secret).update(name).digest('base64')];
}

/** Milliseconds for what should take a blink, on a busy machine: less than any wait for an answer that does not come. */
export const BLINK = 3000;
