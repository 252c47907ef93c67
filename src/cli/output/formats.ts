import type { Report } from '../../record/report.ts';
import { json } from '../../report/json.ts';
import { pretty } from '../../report/pretty.ts';
import type { Style } from '../../report/style.ts';

/** How each format but `ndjson`, which streams events, renders a report. */
export const RENDERERS = {
  pretty,
  json: (report: Report) => json(report),
} as const satisfies Readonly<Record<string, (report: Report, style: Style) => string>>;

export type RenderedFormat = keyof typeof RENDERERS;

export type Format = RenderedFormat | 'ndjson';

export const FORMATS: readonly Format[] = [...(Object.keys(RENDERERS) as RenderedFormat[]), 'ndjson'];
