import { type ChildProcess, spawn } from 'node:child_process';
import { BIN } from './cli.ts';

/** A command that runs on while a test talks to it. Disposing of it interrupts it, and waits for its end. */
export class Running implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout = '';
  stderr = '';
  #wake: (() => void)[] = [];

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [BIN, ...args], { stdio: 'pipe' });
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
        for (const wake of this.#wake.splice(0)) wake();
      });
    }
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** What the pattern finds in its output, as soon as it does. */
  async shows(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.stdout + this.stderr);
      if (found !== null) return found[1] ?? found[0];
      const isOver = await Promise.race([
        new Promise<boolean>((resolve) => this.#wake.push(() => resolve(false))),
        this.ended.then(() => true),
      ]);
      if (isOver && !pattern.test(this.stdout + this.stderr)) throw new Error(`ended: ${this.stderr}${this.stdout}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGINT');
    await this.ended;
  }
}
