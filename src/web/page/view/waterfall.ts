import type { Gathering, Report } from '../../../record/report.ts';
import { type Child, h, svg } from '../dom.ts';
import { t } from '../strings.ts';
import { duration, niceEnd } from './format.ts';

interface Lane {
  readonly name: string;
  readonly gathering: Gathering;
}

const LANE = 26;
const LABELS = 300;
const WIDTH = 1000;
const TOP = 24;

/** A lane for each URL and vantage: when it began, what came when, and how long nothing came. */
export function waterfall(report: Report): Child[] {
  const lanes = lanesOf(report);
  if (lanes.length === 0) return [h('p', { class: 'quiet' }, t('candidates.none'))];
  const end = niceEnd(Math.max(50, report.durationMs));
  const x = (ms: number): number => LABELS + (Math.max(0, Math.min(ms, end)) / end) * (WIDTH - LABELS - 16);
  const height = TOP + lanes.length * LANE + 6;
  return [
    h('p', { class: 'quiet' }, t('waterfall.hint')),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('waterfall') },
      svg(
        'svg',
        { viewBox: `0 0 ${WIDTH} ${height}`, class: 'waterfall', role: 'img', 'aria-label': summaryOf(lanes, report) },
        svg('defs', {}, stripes()),
        ...ticks(end).flatMap((ms) => [
          svg('line', { x1: x(ms), x2: x(ms), y1: TOP - 4, y2: height, class: 'tick' }),
          svg('text', { x: x(ms), y: 12, class: 'tick-label' }, duration(ms)),
        ]),
        ...lanes.flatMap((lane, index) => drawLane(lane, TOP + index * LANE, x, report.durationMs)),
      ),
    ),
  ];
}

function lanesOf(report: Report): Lane[] {
  const all = report.gatherings ?? [];
  const order = (gathering: Gathering): number => (gathering.url === null ? 0 : 1);
  return all
    .toSorted((a, b) => order(a) - order(b))
    .map((gathering) => ({
      name: `${t(`vantage.${gathering.vantage}`)} · ${gathering.url ?? t('waterfall.all')}`,
      gathering,
    }));
}

function drawLane({ name, gathering }: Lane, y: number, x: (ms: number) => number, endMs: number): SVGElement[] {
  const middle = y + LANE / 2;
  const begin = gathering.states.find(({ state }) => state === 'gathering')?.ms ?? gathering.states[0]?.ms ?? 0;
  const complete = gathering.states.find(({ state }) => state === 'complete')?.ms;
  const signs = [...gathering.candidates, ...gathering.errors].map(({ ms }) => ms);
  const lastSign = Math.max(begin, ...signs.slice(-2000));
  const end = complete ?? endMs;
  const kind = complete === undefined ? 'bar bar-open' : 'bar';
  return [
    svg(
      'text',
      { x: 0, y: middle + 4, class: 'lane-label' },
      name.length > 46 ? `${name.slice(0, 45)}…` : name,
      svg('title', {}, name),
    ),
    svg('rect', {
      x: x(begin),
      y: middle - 5,
      width: Math.max(2, x(lastSign) - x(begin)),
      height: 10,
      rx: 3,
      class: kind,
    }),
    svg('rect', {
      x: x(lastSign),
      y: middle - 5,
      width: Math.max(0, x(end) - x(lastSign)),
      height: 10,
      rx: 3,
      class: 'bar-silent',
    }),
    ...apart(gathering.candidates, x).map(({ ms, type, address, port }) =>
      svg(
        'circle',
        { cx: x(ms), cy: middle, r: 4.5, class: `dot type-${type}` },
        svg('title', {}, `${type} ${address}:${port}, ${duration(ms)}`),
      ),
    ),
    ...gathering.errors
      .slice(0, 200)
      .map(({ ms, errorCode, errorText }) =>
        svg(
          'path',
          { d: `M${x(ms) - 4} ${middle - 4}l8 8m0 -8l-8 8`, class: 'cross' },
          svg('title', {}, `${errorCode} ${errorText}, ${duration(ms)}`),
        ),
      ),
    ...(complete === undefined
      ? []
      : [svg('rect', { x: x(complete) - 1, y: middle - 8, width: 2, height: 16, class: 'finish' })]),
  ];
}

/** Those that can be told apart: of dots of one type upon each other only the first. */
function apart(candidates: Gathering['candidates'], x: (ms: number) => number): Gathering['candidates'] {
  const taken = new Set<string>();
  return candidates.filter(({ ms, type }) => {
    const place = `${type} ${Math.round(x(ms) / 3)}`;
    if (taken.has(place)) return false;
    taken.add(place);
    return true;
  });
}

function stripes(): SVGElement {
  return svg(
    'pattern',
    { id: 'silent', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    svg('rect', { width: 2, height: 6, class: 'stripe' }),
  );
}

/** For whoever cannot see it: the same in words. */
function summaryOf(lanes: readonly Lane[], report: Report): string {
  return lanes
    .slice(0, 40)
    .map(({ name, gathering }) => {
      const complete = gathering.states.find(({ state }) => state === 'complete')?.ms;
      const time = complete === undefined ? t('strip.cut', { time: duration(report.durationMs) }) : duration(complete);
      const { candidates, errors } = gathering;
      return t('waterfall.label', { lane: name, candidates: candidates.length, errors: errors.length, time });
    })
    .join('; ');
}

function ticks(end: number): number[] {
  return Array.from({ length: 6 }, (_, index) => (index * end) / 5);
}
