import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/cli/context.ts';
import { runInProcess } from '../../../src/cli/process.ts';
import { Interrupted } from '../../../src/cli/signals.ts';

let behaviour: (context: Context) => Promise<number> = async () => 0;

vi.mock('../../../src/cli/run.ts', () => ({ run: (_argv: readonly string[], context: Context) => behaviour(context) }));

/** What the process would have written to stderr, and how it would have ended. */
function watch() {
  const written: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  return { text: () => written.join(''), exit };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a run in this process', () => {
  it('ends with the exit code of the command', async () => {
    behaviour = async () => 3;
    expect(await runInProcess([])).toBe(3);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s aborts the command, waits for it, and ends with %i', async (signal, exitCode) => {
    const { exit } = watch();
    let released = false;
    behaviour = async (context) => {
      setImmediate(() => process.emit(signal));
      await aborted(context.signal);
      expect(context.signal.reason).toBeInstanceOf(Interrupted);
      released = true;
      return 0;
    };
    expect(await runInProcess([])).toBe(exitCode);
    expect(released).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    expect(process.listenerCount(signal)).toBe(0);
  });

  it('a second signal ends the process at once', async () => {
    const { exit } = watch();
    behaviour = async (context) => {
      setImmediate(() => process.emit('SIGINT'));
      await aborted(context.signal);
      process.emit('SIGINT');
      return 0;
    };
    await runInProcess([]);
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  });

  it('does not wait for ever for a command that does not end', async () => {
    vi.useFakeTimers();
    const { exit } = watch();
    let finish: (exitCode: number) => void = () => {};
    behaviour = () =>
      new Promise<number>((resolve) => {
        finish = resolve;
      });
    const run = runInProcess([]);
    process.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(2900);
    expect(exit).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(exit).toHaveBeenCalledExactlyOnceWith(143);
    finish(0);
    await run;
    vi.useRealTimers();
  });

  it('what an interrupted command throws is no fault', async () => {
    const { text } = watch();
    behaviour = async (context) => {
      setImmediate(() => process.emit('SIGINT'));
      await aborted(context.signal);
      throw Object.assign(new Error('The operation was aborted'), { name: 'AbortError' });
    };
    expect(await runInProcess([])).toBe(130);
    expect(text()).toBe('');
  });

  it('Ctrl-C at a prompt, which is no signal in raw mode, ends alike', async () => {
    const { text } = watch();
    behaviour = () => Promise.reject(new Interrupted('SIGINT', 130));
    expect(await runInProcess([])).toBe(130);
    expect(text()).toBe('');
  });

  it('a fault of our own ends with 70, and says how to report it without telling values', async () => {
    const { text } = watch();
    behaviour = () => Promise.reject(new RangeError('index out of range'));
    expect(
      await runInProcess(['gather', 'turn:secret.example', '-phunter2', '--credential=hunter2', '-u', 'alice']),
    ).toBe(70);
    expect(text()).toMatch(/^\niceprobe: a fault of iceprobe itself, not of your network or your servers\.\n/);
    expect(text()).toContain('`npm bugs iceprobe`');
    expect(text()).toMatch(/ {2}iceprobe \d+\.\d+\.\d+, node v\d+\.\d+\.\d+, \w+ \w+\n {2}arguments: /);
    expect(text()).toContain('arguments: gather ... -p --credential -u ...\n');
    expect(text()).toContain('RangeError: index out of range\n');
    expect(text()).not.toMatch(/hunter2|alice|secret\.example/);
  });

  it('so does one that nobody awaited', async () => {
    const { text } = watch();
    behaviour = async (context) => {
      setImmediate(() => process.emit('uncaughtException', new Error('lost')));
      await aborted(context.signal);
      return 0;
    };
    expect(await runInProcess([])).toBe(70);
    expect(text()).toContain('Error: lost\n');
  });
});
