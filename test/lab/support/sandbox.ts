import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/**
 * A set of network namespaces that belong to this process and end with it, however it ends.
 *
 * Nothing has a name in the host. One `unshare` makes a PID, mount and network namespace whose first process is a shell
 * that reads its orders from our pipe. `/run` there is a tmpfs of its own, so the named namespaces of `ip netns`, the
 * resolver files, pid files and profiles exist only inside. When we end, also by SIGKILL, the pipe closes, the shell
 * ends, the kernel ends every process of its PID namespace, and with them the namespaces, devices and files. There is
 * nothing for a janitor to find, two runs cannot meet, and no device leads to the host's network.
 *
 * Without root it asks for a user namespace, which most Linux machines grant.
 */
export class Sandbox {
  readonly #holder: ChildProcess;
  readonly #stdin: Writable;
  readonly #enter: readonly string[];
  #output = '';
  #waiting: { mark: string; resolve: (result: ScriptResult) => void; reject: (error: Error) => void } | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #next = 0;

  private constructor(holder: ChildProcess, stdin: Writable, stdout: Readable, enter: readonly string[]) {
    this.#holder = holder;
    this.#stdin = stdin;
    this.#enter = enter;
    stdout.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
    holder.once('exit', () => this.#waiting?.reject(new Error(`the sandbox ended: ${this.#output.slice(-2000)}`)));
    stdin.on('error', () => undefined); // told by 'exit'
  }

  /** Throws an Error that says what the machine refused. */
  static async open(): Promise<Sandbox> {
    const asRoot = process.getuid?.() === 0;
    const holder = spawn(
      'unshare',
      [
        ...(asRoot ? [] : ['--user', '--map-root-user']),
        ...['--mount', '--pid', '--net', '--fork', '--kill-child', '--propagation', 'private', 'sh'],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: { ...process.env, PATH } },
    );
    const pid = await firstLine(holder);
    const enter = ['nsenter', '--target', pid, '--mount', '--pid'];
    if (!asRoot) enter.push('--user', '--preserve-credentials');
    const sandbox = new Sandbox(holder, holder.stdin, holder.stdout, enter);
    await sandbox.script(SETUP);
    return sandbox;
  }

  /** Runs shell commands (`sh -e`) as root of the sandbox, one script at a time; throws with their output if one fails. */
  async script(text: string): Promise<string> {
    const result = this.#queue.then(() => this.#runScript(text));
    this.#queue = result.catch(() => undefined);
    const { code, output } = await result;
    if (code !== 0) throw new Error(`script failed (${code}): ${output}\n${text}`);
    return output;
  }

  /** Starts a program inside one network namespace, with that namespace's own resolver. */
  spawn(namespace: string, command: readonly string[], options: SpawnOptions = {}): SandboxProcess {
    const [program = '', ...args] = [...this.#enter, '--', ...OWN_GROUP, ...insideOf(namespace), ...command];
    const env = { ...process.env, PATH, TMPDIR: '/run/tmp', HOME: '/run/tmp', ...options.env };
    return new SandboxProcess(
      this,
      spawn(program, args, { ...options, env, stdio: ['pipe', 'pipe', 'pipe', 'pipe'], detached: true }),
    );
  }

  /** Runs a program to its end. A deadline (milliseconds) ends it, and `code` is null. */
  async run(namespace: string, command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const child = this.spawn(namespace, command, options.env === undefined ? {} : { env: options.env });
    child.stdin.end(options.input ?? '');
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void child.end();
    }, options.timeoutMs ?? 20_000);
    const started = performance.now();
    const code = await child.exited;
    clearTimeout(timer);
    return {
      code: late ? null : code,
      stdout: child.stdout,
      stderr: child.stderr,
      durationMs: performance.now() - started,
    };
  }

  /** Ends every process in it and waits until the kernel has let go. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    this.#waiting = undefined;
    const ended = once(this.#holder, 'exit');
    this.#stdin.end();
    // An orderly end needs the shell to be idle; a shell inside a command ends with its namespace all the same.
    this.#holder.kill('SIGKILL');
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #runScript(text: string): Promise<ScriptResult> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) {
      return Promise.reject(new Error('the sandbox has ended'));
    }
    const mark = `--${this.#next++}--`;
    return new Promise((resolve, reject) => {
      this.#output = '';
      this.#waiting = { mark, resolve, reject };
      this.#stdin.write(`( set -e\n${text}\n) </dev/null 2>&1; printf '\\n%s %d\\n' '${mark}' $?\n`);
    });
  }

  #read(text: string): void {
    this.#output += text;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const end = new RegExp(`\\n${waiting.mark} (\\d+)\\n$`).exec(this.#output);
    if (end === null) return;
    this.#waiting = undefined;
    waiting.resolve({ code: Number(end[1]), output: this.#output.slice(0, end.index) });
  }
}

/** A program in the sandbox. Its output is kept as text from the start. */
export class SandboxProcess {
  stdout = '';
  stderr = '';
  readonly stdin: Writable;
  /** The exit code, or null where a signal ended it. */
  readonly exited: Promise<number | null>;
  readonly #sandbox: Sandbox;
  readonly #pid: Promise<number>;
  /** It has ended, and all of its output is here. */
  #closed = false;

  constructor(sandbox: Sandbox, child: ChildProcess) {
    this.#sandbox = sandbox;
    if (child.stdin === null || child.stdout === null || child.stderr === null) throw new Error('pipes expected');
    this.stdin = child.stdin;
    this.stdin.on('error', () => undefined); // a program may end before it has read all
    child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    const announced = child.stdio[3] as Readable;
    this.#pid = once(announced, 'data').then(([chunk]) => Number(String(chunk)));
    this.#pid.catch(() => undefined);
    this.exited = once(child, 'close').then(([code]) => {
      this.#closed = true;
      return code as number | null;
    });
  }

  /** Sends a signal to the program itself (not to the `nsenter` in front of it). */
  async signal(name: 'INT' | 'TERM' | 'KILL' | 'STOP' | 'CONT'): Promise<void> {
    await this.#sandbox.script(`kill -${name} ${await this.#pid}`);
  }

  /** Ends it at once, with what it started, and waits until it is gone. */
  async end(): Promise<void> {
    // It leads a process group; one that has ended by itself is no error.
    const pid = await this.#pid;
    await this.#sandbox.script(`kill -KILL -${pid} || [ ! -e /proc/${pid} ]`);
    await this.exited;
  }

  /** Resolves once stdout or stderr matches; throws with both if it ends first or `timeoutMs` pass. */
  async waitFor(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpMatchArray> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      if (this.#closed || performance.now() > deadline) {
        throw new Error(`waited in vain for ${pattern}:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

interface ScriptResult {
  readonly code: number;
  readonly output: string;
}

/** Where a namespace's own /etc/resolv.conf and /etc/hosts stand; bound over the real ones for each program in it. */
export function etcOf(namespace: string): string {
  return `/run/etc/${namespace}`;
}

// System tools live in sbin, which a user's PATH often leaves out.
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

// The shell runs before /proc is remounted, so it can read its own number in the host for nsenter.
const ANNOUNCE = 'read -r pid rest < /proc/self/stat; echo "$pid"\n';

// /etc/resolv.conf may be a link into /run, which the tmpfs hides: its target is made anew so that it can be bound over.
const SETUP = `
resolver=$(readlink -m /etc/resolv.conf)
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/etc /run/lock /run/tmp
chmod 1777 /run/tmp
case "$resolver" in /run/*) mkdir -p "$(dirname "$resolver")"; : > "$resolver" ;; esac`;

// A program leads a process group, so that it can be ended with all it started. (It ends with the sandbox anyway.)
const OWN_GROUP = ['setsid', '--'];

/** `ip netns exec` gives each program a mount namespace of its own: the binds below are seen by that program alone. */
function insideOf(namespace: string): string[] {
  const etc = etcOf(namespace);
  const binds = ['resolv.conf', 'hosts'].map(
    (file) => `[ ! -e ${etc}/${file} ] || mount --bind ${etc}/${file} "$(readlink -f /etc/${file})"`,
  );
  const script = `${binds.join('; ')}; echo $$ >&3; exec 3>&-; exec "$@"`;
  return ['ip', 'netns', 'exec', namespace, 'sh', '-ec', script, 'sh'];
}

async function firstLine(holder: ChildProcess): Promise<string> {
  const { stdin, stdout, stderr } = holder;
  if (stdin === null || stdout === null || stderr === null) throw new Error('pipes expected');
  let errors = '';
  stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  stdin.write(ANNOUNCE);
  const line = await Promise.race([
    once(stdout, 'data').then(([chunk]) => String(chunk).trim()),
    once(holder, 'close').then(() => undefined),
    once(holder, 'error').then(([error]) => {
      errors += String(error);
      return undefined;
    }),
  ]);
  if (line === undefined) throw new Error(`no namespaces on this machine: ${errors.trim()}`);
  return line;
}
