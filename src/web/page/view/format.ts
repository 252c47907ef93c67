import { parseServerUri } from '../../../core/stun/uri.ts';
import { showDuration } from '../../../diagnosis/render.ts';
import { h } from '../dom.ts';

export function duration(ms: number): string {
  return showDuration(Math.max(0, ms));
}

const ICONS = {
  ok: '✓',
  works: '✓',
  'silent-ok': '✓',
  warning: '!',
  error: '✕',
  fails: '✕',
  info: 'i',
  undetermined: '?',
  open: '?',
  waiting: '…',
  untried: '–',
} as const;

export type IconName = keyof typeof ICONS;

/** A sign beside the word that says the same: shape, not colour alone. */
export function icon(name: IconName): HTMLElement {
  return h('span', { class: `icon icon-${name}`, 'aria-hidden': 'true' }, ICONS[name]);
}

/** `turn:host:3478?transport=tcp` in its parts, for a grid of places by transport. */
export function partsOf(
  url: string,
):
  | { readonly kind: string; readonly host: string; readonly port: number; readonly transport: 'udp' | 'tcp' | 'tls' }
  | undefined {
  const uri = parseServerUri(url);
  if (!uri.ok) return undefined;
  const { scheme, host, port, transport } = uri.value;
  return { kind: scheme.replace(/s$/, '').toUpperCase(), host, port, transport };
}

/** 1, 2, 2.5 or 5 times a power of ten: round figures at the ticks. */
export function niceEnd(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((end) => end >= value) ?? 10 * power;
}
