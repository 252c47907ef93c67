import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeNeeding, pathOf } from '../support/needs.ts';

const BIN = fileURLToPath(new URL('../../bin/iceprobe.js', import.meta.url));

/** A shell on a terminal of its own. */
class Terminal implements AsyncDisposable {
  readonly #name = `iceprobe-test-${process.pid}-${Math.random().toString(36).slice(2)}`;

  static async open(columns: number): Promise<Terminal> {
    const terminal = new Terminal();
    const shell = 'env -u NO_COLOR -u FORCE_COLOR -u CI PS1="$ " bash --norc';
    await terminal.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', '50', shell);
    await terminal.shows(/^\$/m);
    return terminal;
  }

  async type(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await (/^(?:Enter|C-.|BSpace|Up)$/.test(key)
        ? this.#tmux('send-keys', '-t', '0', key)
        : this.#tmux('send-keys', '-t', '0', '-l', key));
    }
  }

  async screen(): Promise<string> {
    return this.#tmux('capture-pane', '-p', '-t', '0');
  }

  /** Resolves to the screen once it shows that. */
  async shows(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const screen = await this.screen();
      if (pattern.test(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`no ${pattern} on the terminal:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return (await promisify(execFile)(pathOf('tmux'), ['-L', this.#name, ...args])).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server').catch(() => {});
  }
}

const iceprobe = `${process.execPath} ${BIN}`;

describeNeeding('tmux')('on a terminal', () => {
  it('asks for a password without showing it, and takes back what is deleted', async () => {
    await using terminal = await Terminal.open(100);
    await terminal.type(`clear; ${iceprobe} lint turn:a.example -u alice -p -; echo "code=$?"`, 'Enter');
    await terminal.shows(/Password for alice:\s*$/m);
    await terminal.type('hunterX', 'BSpace', '2');
    await terminal.type('Enter');
    const screen = await terminal.shows(/code=0/);
    expect(screen).not.toMatch(/hunter/);
  });

  it('Ctrl-C at the prompt ends it with 130, and leaves a terminal that echoes', async () => {
    await using terminal = await Terminal.open(100);
    await terminal.type(`clear; ${iceprobe} lint turn:a.example -u alice -p -; echo "code=$?"`, 'Enter');
    await terminal.shows(/Password for alice:\s*$/m);
    await terminal.type('C-c');
    await terminal.shows(/code=130/);
    await terminal.type('stty -a | tr " ;" "\\n" | grep -x -e -echo -e echo', 'Enter');
    await terminal.shows(/^echo$/m);
  });

  it('Ctrl-C while it reads a configuration from the terminal ends it with 130, without a word', async () => {
    await using terminal = await Terminal.open(100);
    await terminal.type(`clear; ${iceprobe} lint -c -; echo "code=$?"`, 'Enter');
    await terminal.shows(/reading from this terminal, Ctrl-D ends it/);
    await terminal.type('C-c');
    const screen = await terminal.shows(/code=\d/);
    expect(screen).toMatch(/Ctrl-D ends it\n\^Ccode=130/);
  });

  it('shows candidates as they come, and what it is waiting for; that line leaves no trace', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    await using terminal = await Terminal.open(100);
    await terminal.type(
      `clear; ${iceprobe} stun:127.0.0.1:${silent.address().port} --timeout 3; echo "code=$?"`,
      'Enter',
    );
    const during = await terminal.shows(/^waiting for .* \(\d\.\d s\)$/m);
    expect(during).toMatch(/^ +\d+ {2}host +udp/m);
    expect(during).not.toContain('code=');
    const after = await terminal.shows(/code=\d/);
    expect(after).not.toMatch(/^waiting for .*\(\d\.\d s\)$/m);
    silent.close();
  });

  it('fits a narrow terminal with its help', async () => {
    await using terminal = await Terminal.open(60);
    await terminal.type(`clear; ${iceprobe} credentials --help; echo "code=$?"`, 'Enter');
    const screen = await terminal.shows(/code=0/);
    expect(screen).toContain('from the shared\nsecret of a TURN server');
    expect(screen).toContain('to mint a\n                              REST credential');
  });
});
