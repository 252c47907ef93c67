import { h, svg } from '../dom.ts';
import { niceEnd } from './format.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [ms: number, value: number | null])[];
}

const WIDTH = 360;
const HEIGHT = 120;
const LEFT = 44;
const TOP = 8;
const BOTTOM = 18;

/** A small plot of one or two series over time, for eyes; its name and largest values stand in words beside it. */
export function plot(title: string, unit: string, series: readonly Series[]): HTMLElement {
  const points = series.flatMap((each) => each.points);
  const times = points.flatMap(([ms, value]) => (value === null ? [] : [ms]));
  const values = points.flatMap(([, value]) => value ?? []);
  const from = Math.min(...times);
  const to = Math.max(from + 1, ...times);
  const top = niceEnd(Math.max(...values, 1e-3));
  const x = (ms: number): number => LEFT + ((ms - from) / (to - from)) * (WIDTH - LEFT - 8);
  const y = (value: number): number => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const names = series.map(({ name, points: own }) => {
    const largest = Math.max(0, ...own.flatMap(([, value]) => value ?? []));
    return `${name} ≤ ${round(largest)} ${unit}`;
  });
  return h(
    'figure',
    { class: 'plot' },
    h('figcaption', {}, `${title} (${unit})`, ...series.map(({ name }, index) => legend(name, index))),
    svg(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${title}: ${names.join(', ')}` },
      ...[0, top / 2, top].flatMap((value) => [
        svg('line', { x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value), class: 'tick' }),
        svg('text', { x: LEFT - 6, y: y(value) + 4, class: 'tick-label' }, round(value)),
      ]),
      svg('text', { x: WIDTH - 8, y: HEIGHT - 4, class: 'tick-label' }, `${round((to - from) / 1000)} s`),
      ...series.map(({ points: own }, index) =>
        svg('path', { d: lineOf(own, x, y), class: `series series-${index}`, 'vector-effect': 'non-scaling-stroke' }),
      ),
    ),
  );
}

function legend(name: string, index: number): HTMLElement {
  const sign = svg('svg', { viewBox: '0 0 24 8', class: 'sign', 'aria-hidden': 'true' });
  sign.append(svg('path', { d: 'M0 4H24', class: `series series-${index}` }));
  return h('span', {}, sign, ` ${name}`);
}

/** Broken where nothing was measured; a value between two gaps is a short stroke. */
function lineOf(points: Series['points'], x: (ms: number) => number, y: (value: number) => number): string {
  let isOpen = false;
  return points
    .map(([ms, value]) => {
      if (value === null) {
        isOpen = false;
        return '';
      }
      const place = `${x(ms).toFixed(1)} ${y(value).toFixed(1)}`;
      const command = isOpen ? `L${place}` : `M${place}h1`;
      isOpen = true;
      return command;
    })
    .join('');
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
