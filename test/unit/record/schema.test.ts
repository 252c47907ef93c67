import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeSchemas } from '../../../scripts/schema.mjs';
import { Run, stunServer, turnServer } from '../../support/events.ts';
import { expectEvent, expectReport, schemaErrors } from '../../support/schema.ts';

const STUN = 'stun:stun.example.org';
const TURN = 'turn:turn.example.org';

function sample(): Run {
  const run = new Run({ servers: [stunServer(STUN), turnServer(TURN)] });
  run.interface('eth0', '192.168.1.23').gathering().candidate('host', '192.168.1.23:51022');
  run.attempt(STUN).silent('binding');
  run.attempt(TURN).rejected();
  return run.error(TURN, 401, 'Unauthorized').complete();
}

describe('the JSON Schemas', () => {
  it('are what the types say (node scripts/schema.mjs writes it)', async () => {
    const made = (await makeSchemas()) as { path: string; text: string }[];
    expect(made).toHaveLength(4);
    for (const { path, text } of made)
      expect(readFileSync(path, 'utf8') === text, `${path}: run npm run schema`).toBe(true);
  });

  it('takes a report with all its events, and each event by itself', () => {
    const run = sample();
    expectReport(run.report({ withEvents: true }));
    for (const event of run.events) expectEvent(event);
  });

  it('finds a missing field, a wrong type and, strictly, a field that nobody declared', () => {
    const report = sample().report();
    const { verdict: _verdict, ...missing } = report;
    expect(schemaErrors(missing)).toHaveLength(1);
    expect(schemaErrors({ ...report, durationMs: '12' })).toHaveLength(1);
    expect(schemaErrors({ ...report, extra: 1 })).toHaveLength(1);
    expect(() => expectEvent({ ...run0(), type: 'unheard-of' })).toThrow();
  });
});

function run0(): object {
  return sample().events[0] ?? {};
}
