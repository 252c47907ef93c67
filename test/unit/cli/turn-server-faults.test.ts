import { describe, expect, it } from 'vitest';
import { FAULT_TABLE } from '../../../src/core/turn/server/faults/table.ts';
import { runInFakeWorld } from '../../support/context.ts';

describe('iceprobe turn-server --fault', () => {
  it('help lists every row of the table, within 100 columns', async () => {
    const { exitCode, stdout } = await runInFakeWorld(['turn-server', '--fault', 'help']);
    expect(exitCode).toBe(0);
    await expect(stdout).toMatchFileSnapshot('./help/turn-server-faults.txt');
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    for (const { example } of FAULT_TABLE) expect(stdout).toContain(example);
  });

  it('says what it cannot read', async () => {
    const run = await runInFakeWorld(['turn-server', '--port', '0', '--tls-port', '0', '--fault', 'allocate:999']);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^iceprobe: faults: allocate:999: "999" is none of CODE, /);
  });
});
