import type { Report } from '../../record/report.ts';
import { github } from '../../report/github.ts';
import { html } from '../../report/html.ts';
import { json } from '../../report/json.ts';
import { junit } from '../../report/junit.ts';
import { markdown } from '../../report/markdown.ts';
import { nagios } from '../../report/nagios.ts';
import { pretty } from '../../report/pretty.ts';
import { prometheus } from '../../report/prometheus.ts';
import type { Style } from '../../report/style.ts';
import { tap } from '../../report/tap.ts';
import { readBuiltPage } from '../../web/server/page-file.ts';

/** How a format renders a report. `ndjson` is none: it streams events. */
export interface Renderer {
  readonly render: (report: Report, style: Style) => string;
  /** Of a file that holds it. */
  readonly extension: string;
  /** Made to be shown to others: masks addresses, names and user names unless told not to. */
  readonly isShared: boolean;
}

/** A new format is a line here. */
export const RENDERERS = {
  pretty: { render: pretty, extension: 'txt', isShared: false },
  json: { render: json, extension: 'json', isShared: false },
  html: { render: (report) => html(report, readBuiltPage()), extension: 'html', isShared: true },
  markdown: { render: markdown, extension: 'md', isShared: true },
  junit: { render: junit, extension: 'xml', isShared: false },
  tap: { render: tap, extension: 'tap', isShared: false },
  github: { render: github, extension: 'txt', isShared: true },
  nagios: { render: nagios, extension: 'txt', isShared: false },
  prometheus: { render: prometheus, extension: 'prom', isShared: false },
} as const satisfies Readonly<Record<string, Renderer>>;

export type RenderedFormat = keyof typeof RENDERERS;

export type Format = RenderedFormat | 'ndjson';

export const FORMATS: readonly Format[] = [...(Object.keys(RENDERERS) as RenderedFormat[]), 'ndjson'];

export function rendererOf(format: RenderedFormat): Renderer {
  return RENDERERS[format];
}
