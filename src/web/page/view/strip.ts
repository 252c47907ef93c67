import { browserOutcome, terminalOutcome } from '../../../diagnosis/outcome.ts';
import type { Report, Vantage } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { t } from '../strings.ts';
import { duration, icon } from './format.ts';

const STATES = ['new', 'gathering', 'complete'] as const;

/** `new - gathering - complete` for each vantage, and what is waited for. */
export function strips(report: Report, running: Readonly<Record<Vantage, boolean>>): Child[] {
  return (['browser', 'terminal'] as const).map((vantage) => strip(report, vantage, running[vantage]));
}

function strip(report: Report, vantage: Vantage, running: boolean): HTMLElement {
  const gathering = report.gatherings?.find((each) => each.vantage === vantage && each.url === null);
  const reached = gathering?.states.at(-1)?.state;
  const complete = reached === 'complete';
  const remark =
    gathering === undefined
      ? running
        ? t('running')
        : t('strip.off')
      : complete
        ? ''
        : running
          ? waitingFor(report, vantage)
          : t('strip.cut', { time: duration(report.durationMs) });
  return h(
    'div',
    { class: 'strip', 'data-vantage': vantage, 'data-state': reached ?? 'none' },
    h('span', { class: 'strip-name' }, t(`vantage.${vantage}`)),
    h(
      'ol',
      {},
      ...STATES.map((state) => {
        const at = gathering?.states.find((each) => each.state === state);
        const last = state === reached && !complete;
        return h(
          'li',
          { class: at === undefined ? 'future' : last ? 'now' : 'past', 'aria-current': last ? 'step' : null },
          at === undefined ? null : icon(state === 'complete' || !last ? 'ok' : running ? 'waiting' : 'undetermined'),
          h('span', {}, t(`state.${state}`)),
          at !== undefined && h('span', { class: 'at' }, duration(at.ms)),
        );
      }),
    ),
    remark !== '' && h('span', { class: 'strip-remark' }, remark),
  );
}

/** Those URLs without a result yet. */
function waitingFor(report: Report, vantage: Vantage): string {
  const outcome = vantage === 'browser' ? browserOutcome : terminalOutcome;
  const urls = report.configuration.iceServers.flatMap((server) => server.urls);
  const open = urls.filter((url) => ['open', 'untried'].includes(outcome(report, url).word));
  const [first] = open;
  if (first === undefined) return t('running');
  const what = open.length > 1 ? t('strip.others', { what: first, count: open.length - 1 }) : first;
  return t('strip.waiting', { what });
}
