import type { Report } from '../../record/report.ts';
import { isTargetsReport, type TargetsReport } from '../../record/targets.ts';
import { github, githubOfTargets } from '../../report/github.ts';
import { html } from '../../report/html.ts';
import { json } from '../../report/json.ts';
import { junit, junitOfTargets } from '../../report/junit.ts';
import { markdown, markdownOfTargets } from '../../report/markdown.ts';
import { nagios, nagiosOfTargets } from '../../report/nagios.ts';
import { pretty, prettyOfTargets } from '../../report/pretty.ts';
import { prometheus, prometheusOf } from '../../report/prometheus.ts';
import type { Style } from '../../report/style.ts';
import { tap, tapOfTargets } from '../../report/tap.ts';
import { readBuiltPage } from '../../web/server/page-file.ts';

/** How a format renders a report. `ndjson` is none: it streams events. */
export interface Renderer {
  readonly render: (report: Report, style: Style) => string;
  /** The same for several targets. */
  readonly renderTargets: (report: TargetsReport, style: Style) => string;
  /** Of a file that holds it. */
  readonly extension: string;
  /** Made to be shown to others: masks addresses, names and user names unless told not to. */
  readonly isShared: boolean;
}

/** A new format is a line here. */
export const RENDERERS = {
  pretty: { render: pretty, renderTargets: prettyOfTargets, extension: 'txt', isShared: false },
  json: { render: json, renderTargets: json, extension: 'json', isShared: false },
  html: { render: page, renderTargets: page, extension: 'html', isShared: true },
  markdown: { render: markdown, renderTargets: markdownOfTargets, extension: 'md', isShared: true },
  junit: { render: junit, renderTargets: junitOfTargets, extension: 'xml', isShared: false },
  tap: { render: tap, renderTargets: tapOfTargets, extension: 'tap', isShared: false },
  github: { render: github, renderTargets: githubOfTargets, extension: 'txt', isShared: true },
  nagios: { render: nagios, renderTargets: nagiosOfTargets, extension: 'txt', isShared: false },
  prometheus: {
    render: prometheus,
    renderTargets: ({ targets }) => prometheusOf(targets),
    extension: 'prom',
    isShared: false,
  },
} as const satisfies Readonly<Record<string, Renderer>>;

export type RenderedFormat = keyof typeof RENDERERS;

export type Format = RenderedFormat | 'ndjson';

export const FORMATS: readonly Format[] = [...(Object.keys(RENDERERS) as RenderedFormat[]), 'ndjson'];

export function rendererOf(format: RenderedFormat): Renderer {
  return RENDERERS[format];
}

/** Renders what there is: a report, or those of several targets. */
export function render(format: RenderedFormat, report: Report | TargetsReport, style: Style): string {
  const renderer = rendererOf(format);
  return isTargetsReport(report) ? renderer.renderTargets(report, style) : renderer.render(report, style);
}

function page(report: Report | TargetsReport): string {
  return html(report, readBuiltPage());
}
