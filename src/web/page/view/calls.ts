import type { CandidatePair } from '../../../core/call/events.ts';
import type { Call, CallPeer, Report } from '../../../record/report.ts';
import { dataWords, endOf, pairOf, stepsOf } from '../../../report/call-words.ts';
import { type Child, h, Part } from '../dom.ts';
import { t } from '../strings.ts';
import { duration, type IconName, icon } from './format.ts';
import { plot } from './plot.ts';
import { scrollTable } from './table.ts';

const SIGNS: Readonly<Record<Call['outcome'], IconName>> = {
  connected: 'ok',
  failed: 'error',
  lost: 'error',
  crashed: 'error',
  'no-candidates': 'untried',
  'not-determined': 'undetermined',
};

/** So many events of one connection are shown: a peer may send a thousand candidates. */
const MOST_EVENTS = 400;

/** The connections of a call: the matrix, and of one of them all that is known. */
export class CallsView {
  readonly matrix = new Part(h('div', { id: 'calls' }));
  readonly detail = new Part(h('div', { id: 'call' }));
  /** The path that a person wants to look at; otherwise the one under way, then the first that failed. */
  #chosen: string | undefined;
  #report: Report | undefined;
  #running = false;

  show(report: Report, running: boolean): void {
    if (report.startedAt !== this.#report?.startedAt) this.#chosen = undefined;
    this.#report = report;
    this.#running = running;
    const { calls = [] } = report;
    const shown =
      calls.find(({ path }) => path === this.#chosen) ??
      (running ? calls.at(-1) : calls.find(({ outcome }) => SIGNS[outcome] === 'error')) ??
      calls[0];
    this.matrix.show(JSON.stringify([report.startedAt, running, shown?.path, calls.map(signatureOf)]), () => [
      scrollTable(
        t('calls'),
        [
          t('call.path'),
          t('call.result'),
          t('call.opened'),
          t('call.rtt'),
          t('call.loss'),
          t('call.rates'),
          t('call.pair'),
        ],
        calls.map((call) => this.#row(call, call === shown, running && call === calls.at(-1))),
        'calls',
      ),
    ]);
    if (shown !== undefined) {
      this.detail.show(JSON.stringify([report.startedAt, shown.path, signatureOf(shown)]), () => detailOf(shown));
    }
  }

  #row(call: Call, isShown: boolean, isLive: boolean): Child[] {
    const { path, outcome, timing, data, reason } = call;
    const { times, loss, rates } = dataWords(data);
    const isOpen = isLive && data === null && outcome !== 'failed';
    const choose = h(
      'button',
      { type: 'button', class: 'small', 'data-key': `path-${path}`, 'aria-pressed': String(isShown) },
      path,
    );
    choose.addEventListener('click', () => {
      this.#chosen = path;
      if (this.#report !== undefined) this.show(this.#report, this.#running);
    });
    const word = isOpen ? t(outcome === 'connected' ? 'call.measuring' : 'running') : t(`call.${outcome}`);
    const isReached = isOpen || reason === null;
    const told = h(
      'td',
      { class: 'call-outcome', 'data-path': path, colspan: isReached ? null : 6 },
      icon(isOpen ? 'waiting' : SIGNS[outcome]),
      ` ${word}`,
      !isReached && h('span', { class: 'quiet' }, ` ${reason}`),
    );
    const head = [h('th', { scope: 'row' }, choose), told];
    if (!isReached) return head;
    return [
      ...head,
      timing.channelMs === null ? '' : duration(timing.channelMs),
      times,
      loss,
      data === null ? '' : rates,
      pairOf(call),
    ];
  }
}

/** Changes with whatever is shown of it. */
function signatureOf({ outcome, data, samples, peers, selected }: Call): unknown {
  const counts = peers.map(({ states, candidates, pairs, errors }) => [
    states.length,
    candidates.length,
    errors.length,
    pairs.map(({ state, requestsSent, responsesReceived }) => `${state}${requestsSent}${responsesReceived}`),
  ]);
  return [outcome, data?.durationMs, samples?.length, selected?.id, counts];
}

function detailOf(call: Call): Child[] {
  const { path, timing, samples = [], peers, selected } = call;
  const pairs = peers.flatMap((peer) => peer.pairs.map((pair) => ({ peer, pair })));
  const events = eventsOf(call);
  return [
    h('p', {}, h('strong', {}, path), call.reason !== null && `: ${call.reason}`),
    h(
      'div',
      { class: 'strip' },
      h(
        'ol',
        {},
        ...stepsOf(timing).map(({ step, ms }) =>
          h(
            'li',
            { class: 'past' },
            icon('ok'),
            h('span', {}, t(`call.step.${step}`)),
            h('span', { class: 'at' }, duration(ms)),
          ),
        ),
      ),
    ),
    selected !== null &&
      h(
        'p',
        { id: 'call-selected' },
        `${t('call.pair')}: `,
        h('code', {}, `${endOf(selected.local)} ↔ ${endOf(selected.remote)}`),
      ),
    samples.length > 0 &&
      h(
        'div',
        { class: 'plots' },
        plot(t('call.rtt.plot'), 'ms', [{ name: 'RTT', points: samples.map(({ ms, rttMs }) => [ms, rttMs]) }]),
        samples.some(({ toAnswerer, toOfferer }) => toAnswerer !== null || toOfferer !== null) &&
          plot(
            t('call.rate.plot'),
            'Mbit/s',
            (['toAnswerer', 'toOfferer'] as const).map((name) => ({
              name: t(`call.${name}`),
              points: samples.map((sample) => [sample.ms, megabits(sample[name])]),
            })),
          ),
      ),
    pairs.length > 0 && h('h3', {}, t('call.pairs')),
    pairs.length > 0 &&
      scrollTable(
        t('call.pairs'),
        [t('call.end'), t('call.local'), t('call.remote'), t('call.state'), t('call.asked'), t('call.answered'), 'RTT'],
        pairs.map(({ peer, pair }) => pairRow(peer, pair)),
        'calls',
      ),
    h(
      'details',
      { 'data-key': 'call-events' },
      h('summary', {}, t('call.events', { count: events.length })),
      scrollTable(
        t('call.detail'),
        [t('column.ms'), t('call.end'), t('call.what'), t('call.about')],
        events
          .slice(0, MOST_EVENTS)
          .map(({ ms, end, what, detail }) => [Number.isFinite(ms) ? duration(ms) : '', end, what, detail]),
        'calls call-events',
      ),
    ),
  ];
}

function pairRow({ peer }: CallPeer, pair: CandidatePair): Child[] {
  const { local, remote, state, selected, nominated, rttMs } = pair;
  const words = [state, selected ? t('call.selected') : nominated ? 'nominated' : ''];
  const cells = [
    t(`call.${peer}`),
    `${endOf(local)}${local.relayProtocol === null ? '' : ` (${local.relayProtocol})`}`,
    endOf(remote),
    words.filter((word) => word !== '').join(', '),
    `${pair.requestsSent} / ${pair.responsesReceived}`,
    `${pair.requestsReceived} / ${pair.responsesSent}`,
    rttMs === null ? '' : duration(rttMs),
  ];
  return selected ? cells.map((text) => h('td', { class: 'call-on' }, text)) : cells;
}

interface Seen {
  readonly ms: number;
  readonly end: string;
  readonly what: string;
  readonly detail: string;
}

/** In the order in which it happened, both ends together. */
function eventsOf({ startedMs, timing, peers }: Call): Seen[] {
  const told = stepsOf(timing).flatMap(({ step, ms }): Seen[] =>
    step === 'offer' || step === 'answer' || step === 'channel'
      ? [{ ms, end: '', what: t(`call.step.${step}`), detail: '' }]
      : [],
  );
  const seen = peers.flatMap(({ peer, states, candidates, errors }): Seen[] => {
    const end = t(`call.${peer}`);
    return [
      ...states.map(({ ms, machine, state }) => ({ ms: ms - startedMs, end, what: machine, detail: state })),
      ...candidates.map(({ ms, direction, candidate, error, waited }) => ({
        ms: ms - startedMs,
        end,
        what: t(error === null ? `call.${direction}` : `call.${direction}.not`),
        detail: [shortCandidate(candidate), error ?? '', waited ? t('call.waited') : '']
          .filter((text) => text !== '')
          .join('; '),
      })),
      // A report does not say when.
      ...errors.map((detail) => ({ ms: Number.POSITIVE_INFINITY, end, what: t('errors'), detail })),
    ];
  });
  return [...told, ...seen].toSorted((a, b) => a.ms - b.ms);
}

/** `candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host ...` without what tells a person nothing. */
function shortCandidate(line: string): string {
  const [, , protocol = '', , address = '', port = '', , type = ''] = line.split(' ');
  return `${type} ${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function megabits(bitsPerSecond: number | null): number | null {
  return bitsPerSecond === null ? null : bitsPerSecond / 1e6;
}
