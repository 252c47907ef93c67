import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { appendTo, ChangeLog, changeLine, type LineSink } from '../../../src/cli/monitor/log.ts';
import { OwnFigures } from '../../../src/monitor/own.ts';
import { PLAIN } from '../../../src/report/style.ts';
import { settled } from './virtual-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A disk with so many bytes left. */
function disk(left: number) {
  const state = { text: '', left };
  const sink: LineSink = {
    name: 'changes.log',
    async write(bytes) {
      const count = Math.min(bytes.length, state.left);
      if (count === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      state.left -= count;
      state.text += Buffer.from(bytes.subarray(0, count)).toString();
      return count;
    },
    reopen: () => {},
    close: () => {},
  };
  return { state, sink };
}

function logTo(sink: LineSink) {
  const own = new OwnFigures('0.0.0', new Date(0));
  const remarks: string[] = [];
  return { own, remarks, log: new ChangeLog({ sink, own, onRemark: (text) => remarks.push(text) }) };
}

describe('the log of changes', () => {
  it('holds what a full disk does not take, says so once, and writes it without a gap once there is room', async () => {
    const { state, sink } = disk(16);
    const { own, remarks, log } = logTo(sink);
    for (let i = 0; i < 5; i++) log.write(`line ${i}\n`);
    await settled();
    // Two lines and a piece of the third.
    expect(state.text).toBe('line 0\nline 1\nli');
    expect(own.logHeld?.()).toBe(3);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(remarks).toEqual([
      'cannot write the log to changes.log: the disk is full; its lines are held until that can be done',
    ]);
    state.left = 1_000_000;
    await vi.advanceTimersByTimeAsync(5000);
    expect(state.text).toBe('line 0\nline 1\nline 2\nline 3\nline 4\n');
    expect(remarks.slice(1)).toEqual(['the log is written to changes.log again, nothing is missing']);
    expect(own.logHeld?.()).toBe(0);
    expect(await log.close()).toBe('');
  });

  it('gives back what is still held in the end', async () => {
    const { sink } = disk(0);
    const { log } = logTo(sink);
    log.write('line 1\n');
    log.write('line 2\n');
    expect(await log.close()).toBe('line 1\nline 2\n');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds so many lines and counts the others', async () => {
    const { sink } = disk(0);
    const { log, own } = logTo(sink);
    for (let i = 0; i < 10_050; i++) log.write(`line ${i}\n`);
    await settled();
    expect(own.logHeld?.()).toBe(10_000);
    expect(own.logLost).toBe(50);
    expect((await log.close()).endsWith('line 10049\n')).toBe(true);
  });

  it('adds to a file, and opens it anew once it was moved away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iceprobe-log-'));
    const path = join(folder, 'changes.log');
    try {
      for (const line of ['one\n', 'two\n']) {
        const { log } = logTo(appendTo(path));
        log.write(line);
        await log.close();
      }
      expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
      const { log } = logTo(appendTo(path));
      log.write('three\n');
      await settled();
      renameSync(path, `${path}.1`);
      log.write('four\n');
      await settled();
      log.reopen();
      log.write('five\n');
      await log.close();
      expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\ntwo\nthree\nfour\n');
      expect(readFileSync(path, 'utf8')).toBe('five\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses a file that cannot be written at once', () => {
    expect(() => appendTo('/nowhere/at/all.log')).toThrow(/cannot write \/nowhere\/at\/all.log: no such file/);
  });

  it('writes a line for a person, or for a program', () => {
    const change = { at: '2030-01-01T00:00:00.123Z', target: 'edge', change: 'down', text: 'why' } as const;
    expect(changeLine(change, 'pretty', PLAIN)).toBe('2030-01-01T00:00:00Z down        edge: why\n');
    expect(JSON.parse(changeLine(change, 'ndjson', PLAIN))).toEqual(change);
  });
});
