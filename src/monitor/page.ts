import { createHash } from 'node:crypto';
import { durationOf, type ToldFinding } from './health.ts';
import type { LastRunStatus, MonitorStatus, TargetStatus } from './status.ts';

const STYLE = `
:root { color-scheme: light dark; --ok: #1a7f37; --bad: #c62828; --warn: #9a6700; --dim: #666; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --ok: #4cc26a; --bad: #ff7b72; --warn: #e3b341; --dim: #aaa; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; } p { margin: .3rem 0 1rem; }
.scroll { overflow-x: auto; margin-bottom: 1rem; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; } th .dim { font-weight: normal; } td.figure, th.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.up { color: var(--ok); } .down, .error { color: var(--bad); } .warning { color: var(--warn); } .dim { color: var(--dim); }
.up, .down { font-weight: 600; white-space: nowrap; } .findings { margin: 0; padding: 0; list-style: none; overflow-wrap: anywhere; }
.findings details { margin: 0; } #lost { color: var(--bad); font-weight: 600; } a { color: inherit; }
`;

/** Fetches the part that changes, and says so when that fails: a page that stands still must not look alive. */
const SCRIPT = `
const live = document.getElementById('live');
const lost = document.getElementById('lost');
let since;
async function refresh() {
  try {
    const response = await fetch('live', { cache: 'no-store' });
    if (!response.ok) throw new Error(String(response.status));
    const text = await response.text();
    const open = new Set([...live.querySelectorAll('details[open]')].map((each) => each.dataset.key));
    if (text !== live.dataset.text) {
      live.innerHTML = text;
      live.dataset.text = text;
      for (const each of live.querySelectorAll('details')) each.open = open.has(each.dataset.key);
    }
    since = undefined;
    lost.textContent = '';
  } catch {
    since ??= new Date();
    lost.textContent = 'The monitor does not answer since ' + since.toLocaleTimeString() + '. What is below is from before.';
  }
  setTimeout(refresh, 2000);
}
setTimeout(refresh, 2000);
`;

/** Names the one script and the one style by their hashes; nothing may come from or go to anywhere else. */
export const PAGE_POLICY =
  `default-src 'none'; script-src '${hashOf(SCRIPT)}'; style-src '${hashOf(STYLE)}'; connect-src 'self'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A page that keeps itself up to date. `now` is the wall clock. */
export function pageOf(status: MonitorStatus, now: Date): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>iceprobe monitor</title><style>${STYLE}</style></head>
<body><main><h1>iceprobe monitor</h1><p id="lost" role="status"></p><div id="live">${liveOf(status, now)}</div>
<p class="dim"><a href="metrics">/metrics</a> <a href="status">/status</a> <a href="healthz">/healthz</a></p></main>
<script>${SCRIPT}</script></body></html>
`;
}

/** The part that changes. */
export function liveOf(status: MonitorStatus, now: Date): string {
  const down = status.targets.filter(({ state }) => state === 'down').length;
  const open = status.targets.filter(({ state }) => state === null).length;
  const words = [
    `${status.targets.length} ${status.targets.length === 1 ? 'target' : 'targets'}`,
    down === 0 ? '<span class="up">none down</span>' : `<span class="down">${down} down</span>`,
    ...(open > 0 ? [`${open} not asked yet`] : []),
    `${status.running} running`,
    ...(status.waiting > 0 ? [`<span class="warning">${status.waiting} waiting</span>`] : []),
    ...(status.lastReload?.ok === false ? ['<span class="error">the new configuration was refused</span>'] : []),
  ];
  const order = { down: 0, unknown: 1, up: 2 };
  const rows = status.targets.toSorted((a, b) => order[a.state ?? 'unknown'] - order[b.state ?? 'unknown']);
  return `<p>${words.join(', ')}</p><div class="scroll"><table>
<thead><tr><th>Target</th><th>State</th><th class="figure">Round trip</th><th class="figure">Loss</th><th class="figure">Certificate</th><th>Last run</th><th>Findings</th></tr></thead>
<tbody>${rows.map((target) => rowOf(target, now)).join('')}</tbody></table></div>`;
}

function rowOf(target: TargetStatus, now: Date): string {
  const { name, urls, state, since, why, lastRun, findings, fault, isRunning } = target;
  const title =
    urls.length === 1 && urls[0] === name ? '' : `<br><span class="dim">${urls.map(escaped).join('<br>')}</span>`;
  const stateCell =
    state === null || since === null
      ? `<span class="dim">${isRunning ? 'first run' : 'not asked yet'}</span>`
      : `<span class="${state}">${state}</span> <span class="dim">${ageOf(since, now)}</span>`;
  const faultLine = fault === null ? '' : `<li class="error">fault of iceprobe's own: ${escaped(fault)}</li>`;
  const isExplained = why === null || findings.some(({ severity }) => severity === 'error');
  const whyLine = isExplained ? '' : `<li class="error">${escaped(why)}</li>`;
  return `<tr><th scope="row">${escaped(name)}${title}</th><td>${stateCell}</td>${figuresOf(lastRun)}<td>${whenOf(lastRun, now)}</td>
<td><ul class="findings">${faultLine}${whyLine}${findings.map((finding) => findingOf(name, finding)).join('')}</ul></td></tr>`;
}

function figuresOf(lastRun: LastRunStatus | null): string {
  const { rttMs = null, lossPercent = null, certificateDays = null } = lastRun ?? {};
  const figure = (value: number | null, unit: string, digits = 0): string =>
    `<td class="figure">${value === null ? '' : `${value.toFixed(digits)} ${unit}`}</td>`;
  return figure(rttMs, 'ms', 1) + figure(lossPercent, '%') + figure(certificateDays, 'days');
}

function whenOf(lastRun: LastRunStatus | null, now: Date): string {
  if (lastRun === null) return '';
  const { durationMs } = lastRun;
  const took = durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`;
  return `${ageOf(lastRun.startedAt, now)} ago <span class="dim">took ${took}</span>`;
}

function findingOf(target: string, { id, severity, subject, title, fix }: ToldFinding): string {
  const key = escaped(`${target} ${id} ${subject}`);
  return `<li><details data-key="${key}"><summary><span class="${severity === 'error' ? 'error' : 'warning'}">${escaped(id)}</span> ${escaped(subject)}</summary>${escaped(title)}<br>Fix: ${escaped(fix)}</details></li>`;
}

function ageOf(iso: string, now: Date): string {
  return durationOf(Math.max(0, Math.round((now.getTime() - Date.parse(iso)) / 1000)));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
