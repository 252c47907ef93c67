import type { PeerRole } from '../../core/call/events.ts';
import { type CallPath, separatePaths } from '../../core/call/path.ts';
import type { SignalingChannel } from '../../core/signaling/channel.ts';
import { formatRoom } from '../../core/signaling/rooms.ts';
import { VERSION } from '../../core/version.ts';
import type { RunEvent } from '../../record/events.ts';
import type { TerminalMessage } from '../../record/page-messages.ts';
import type { Report, Vantage } from '../../record/report.ts';
import { CallRun } from './call/call-run.ts';
import { connectRooms, type RoomState, readRoomCode, roomWords } from './call/rooms.ts';
import { Layout } from './layout.ts';
import { Link } from './link.ts';
import type { PageRun } from './page-run.ts';
import { PagePeer } from './peer.ts';
import { Run } from './run.ts';
import { readSaved, textOf } from './saved.ts';
import { readLink } from './servers.ts';
import { type Language, t, useLanguage } from './strings.ts';
import type { Opened } from './view/saved.ts';
import { copyText, type PageSource, redactedText, type SaveFormat, save } from './view/share.ts';

type Hello = Extract<TerminalMessage, { type: 'hello' }>;

/** So often the page is drawn while a run lasts, in milliseconds: often enough to be watched. */
const DRAW_EVERY_MS = 150;
/** And no oftener than leaves five sixths of the time to the person: a long run costs more to draw. */
const REST = 5;

/** The page: what was asked, what was seen, and what a person does with it. */
export class App {
  #layout: Layout;
  readonly #root: HTMLElement;
  readonly #link: Link;
  readonly #source: PageSource;
  #hello: Hello | undefined;
  #run: PageRun | undefined;
  #peer: PagePeer | undefined;
  #room: RoomState = { state: 'none' };
  /** Ends the waiting for another end. */
  #meeting: AbortController | undefined;
  /** A report that was opened, in the place of a run. */
  #saved: Opened | undefined;
  #shown: Report | undefined;
  #scheduled = false;
  #drawMs = 0;

  constructor(root: HTMLElement, source: PageSource, saved: Opened | undefined) {
    this.#source = source;
    this.#saved = saved;
    this.#root = root;
    this.#layout = this.#newLayout();
    this.#link = new Link(
      (message) => this.#onMessage(message),
      () => this.#onLink(),
    );
    const shared = readLink(location.hash);
    if (shared !== undefined) {
      this.#layout.editor.replace(shared.servers.map(({ urls }) => ({ urls: urls.split('\n') })));
      if (shared.policy !== undefined) this.#layout.settings.policy = shared.policy;
    }
    this.#draw();
  }

  #newLayout(): Layout {
    return new Layout(this.#root, {
      toggleRun: () => this.#toggleRun(),
      copyRedacted: () => this.#copyRedacted(),
      save: (format, masked) => void this.#save(format, masked),
      open: (file) => void this.#open(file),
      showSaved: (report) => this.#showSaved(report),
      closeSaved: () => this.#closeSaved(),
      startLocalServer: () =>
        this.#hello?.canStartLocalServer === true ? () => void this.#link.send({ type: 'local-server' }) : undefined,
      setLanguage: (language) => this.#setLanguage(language),
      callHere: () => void this.#call(),
      openRoom: () => void this.#openRoom(),
      joinRoom: (text) => void this.#joinRoom(text),
      leaveRoom: () => this.#meeting?.abort(),
    });
  }

  /** Every word changes: the page is built anew around what was typed. */
  #setLanguage(language: Language): void {
    const { editor, settings, call } = this.#layout;
    const { iceServers } = editor;
    const { policy, timeoutMs } = settings;
    const { choice } = call;
    useLanguage(language);
    this.#layout = this.#newLayout();
    this.#layout.editor.replace(iceServers);
    this.#layout.settings.policy = policy;
    this.#layout.settings.timeoutMs = timeoutMs;
    this.#layout.call.choice = choice;
    this.#draw();
    document.getElementById('language')?.focus();
  }

  #onMessage(message: TerminalMessage): void {
    switch (message.type) {
      case 'hello':
        this.#greet(message);
        break;
      case 'event':
        if (this.#run instanceof Run) this.#run.addFromTerminal(message.event);
        break;
      case 'peer':
        this.#peer?.handle(message.command);
        break;
      case 'run-ended':
        if (!(this.#run instanceof Run)) break;
        this.#run.terminalRuns = false;
        if (message.error !== null)
          this.#run.record({ type: 'note', text: t('terminal.failed', { why: message.error }) });
        this.#schedule();
        break;
      case 'local-server':
        if (message.error === null) this.#layout.editor.add(message.iceServers);
        else this.#layout.editor.say(t('servers.local.failed', { why: message.error }));
        break;
    }
  }

  #greet(hello: Hello): void {
    this.#hello = hello;
    const { editor, settings } = this.#layout;
    if (hello.iceServers.length > 0 && readLink(location.hash) === undefined) {
      editor.replace(hello.iceServers);
      settings.policy = hello.iceTransportPolicy;
    }
    settings.timeoutMs = hello.timeoutMs;
    editor.refresh();
    if (hello.driven) void this.#start();
    if (hello.peer) this.#peer = new PagePeer((report) => this.#link.send({ type: 'peer', report }));
    this.#draw();
  }

  #onLink(): void {
    // A page that a terminal drives has nobody left to report to: what it holds at servers is given back.
    if (this.#link.state === 'closed' && this.#hello?.driven === true) this.#run?.stop();
    if (this.#link.state === 'closed') this.#peer?.close('the terminal is gone');
    this.#draw();
  }

  #toggleRun(): void {
    if (this.#run?.running === true) this.#toStop();
    else void this.#start();
  }

  #toStop(): void {
    this.#run?.stop();
    this.#link.send({ type: 'stop' });
  }

  async #start(): Promise<void> {
    const { editor, settings } = this.#layout;
    const { policy: iceTransportPolicy, timeoutMs, poolSize, perUrl } = settings;
    const { iceServers } = editor;
    const driven = this.#hello?.driven === true;
    this.#saved = undefined;
    const run = new Run({ iceServers, iceTransportPolicy, timeoutMs, poolSize, perUrl }, (event) =>
      this.#onEvent(event),
    );
    this.#run = run;
    if (this.#hello?.canGather === true) {
      run.terminalRuns = this.#link.send({ type: 'run', iceServers, iceTransportPolicy, timeoutMs });
    }
    this.#draw();
    this.#schedule();
    await run.gather();
    if (driven) this.#link.send({ type: 'finished' });
    this.#schedule();
  }

  /** A call within this page, or with whoever the channel leads to. */
  async #call(channel?: SignalingChannel, role: PeerRole = 'offerer'): Promise<void> {
    const { editor, settings, call } = this.#layout;
    const { iceServers } = editor;
    const { policy: iceTransportPolicy } = settings;
    const { path, seconds } = call.choice;
    const paths: readonly CallPath[] = path === 'all' ? separatePaths(iceServers, iceTransportPolicy) : [path];
    this.#saved = undefined;
    const run = new CallRun({ iceServers, iceTransportPolicy, paths, durationMs: 1000 * seconds }, (event) =>
      this.#onEvent(event),
    );
    this.#run = run;
    this.#draw();
    this.#schedule();
    await (channel === undefined ? run.here() : run.with(channel, role));
    this.#schedule();
  }

  /** Who joins offers; who opened the room answers. */
  async #joinRoom(text: string): Promise<void> {
    await this.#meet('offerer', async (signal) => {
      const code = readRoomCode(text, this.#hello?.roomServer ?? location.href);
      return await (await connectRooms(signal)).join(code);
    });
  }

  async #openRoom(): Promise<void> {
    await this.#meet('answerer', async (signal) => {
      const room = await (await connectRooms(signal)).open();
      const line = `iceprobe call --join '${formatRoom(this.#hello?.roomServer ?? '', room.code)}'`;
      this.#setRoom({ state: 'waiting', code: `${room.code.slice(0, 3)}-${room.code.slice(3)}`, line });
      return await room.joined;
    });
  }

  async #meet(role: PeerRole, find: (signal: AbortSignal) => Promise<SignalingChannel>): Promise<void> {
    const meeting = new AbortController();
    this.#meeting = meeting;
    this.#setRoom({ state: 'asking' });
    try {
      const channel = await find(meeting.signal);
      this.#setRoom({ state: 'met' });
      this.#toStop();
      await this.#call(channel, role);
      this.#setRoom({ state: 'none' });
    } catch (error) {
      this.#setRoom(meeting.signal.aborted ? { state: 'none' } : { state: 'failed', why: roomWords(error) });
    }
  }

  #setRoom(room: RoomState): void {
    this.#room = room;
    this.#draw();
  }

  #onEvent(event: RunEvent): void {
    if (this.#hello?.driven === true && event.vantage === 'browser' && event.type !== 'run-finished') {
      this.#link.send({ type: 'event', event });
    }
    this.#schedule();
  }

  /** Many events come at once: they are drawn together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(
      () => {
        this.#scheduled = false;
        const began = performance.now();
        this.#draw();
        this.#drawMs = performance.now() - began;
        // Time passes in what is waited for, events or not.
        if (this.#run?.running === true) setTimeout(() => this.#schedule(), 500);
      },
      Math.max(DRAW_EVERY_MS, REST * this.#drawMs),
    );
  }

  #draw(): void {
    const run = this.#run;
    const report = this.#saved?.report ?? run?.report();
    this.#shown = report;
    const live = this.#saved === undefined && run?.running === true;
    const running: Record<Vantage, boolean> = {
      browser: live && run.browserRuns,
      terminal: live && run.terminalRuns,
    };
    this.#layout.draw({
      report,
      running,
      saved: this.#saved,
      link: this.#link.state,
      call: {
        room: this.#room,
        roomServer: this.#link.state === 'open' ? (this.#hello?.roomServer ?? null) : null,
      },
      hasTerminal: this.#hello?.canGather === true && this.#link.state === 'open',
      version: VERSION,
    });
  }

  #copyRedacted(): void {
    const report = this.#shown;
    if (report === undefined) return;
    const text = redactedText(report);
    void copyText(text).then((copied) => this.#layout.showCopied(copied ? undefined : text));
  }

  async #save(format: SaveFormat, masked: boolean): Promise<void> {
    const report = this.#saved?.report ?? this.#run?.report(true);
    if (report !== undefined) await save(report, format, masked, this.#source);
  }

  async #open(file: File): Promise<void> {
    try {
      this.#saved = readSaved(await textOf(file));
      this.#layout.say(t('share.opened', { name: file.name }));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#layout.say(t('share.unreadable', { name: file.name, why }));
    }
    this.#draw();
  }

  #showSaved(report: Report): void {
    if (this.#saved !== undefined) this.#saved = { ...this.#saved, report };
    this.#draw();
  }

  #closeSaved(): void {
    this.#saved = undefined;
    this.#layout.say('');
    this.#draw();
  }
}
