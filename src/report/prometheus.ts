import type { Report } from '../record/report.ts';
import type { TargetReport } from '../record/targets.ts';
import { exposition, type MetricSample } from './exposition.ts';
import { printableReport } from './printable.ts';

/** Text exposition format 0.0.4, for the textfile collector or a push; the target is called `default`. */
export function prometheus(report: Report): string {
  return prometheusOf([{ target: 'default', report }]);
}

/** The same for several targets at once: each metric has its HELP and TYPE once, as the format asks. */
export function prometheusOf(given: readonly TargetReport[]): string {
  const runs = given.map(({ target, report }) => ({ target, report: printableReport(report) }));
  return METRICS.map(({ name, help, samples }) =>
    exposition({
      name,
      help,
      type: 'gauge',
      samples: runs.flatMap(({ target, report }) =>
        samples(report).map(({ labels = {}, value }) => ({ labels: { target, ...labels }, value })),
      ),
    }),
  ).join('');
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: (report: Report) => readonly MetricSample[];
}

const METRICS: readonly Metric[] = [
  {
    name: 'iceprobe_up',
    help: 'Whether nothing was wrong: no error, every expectation met.',
    samples: ({ exitCode }) => [{ value: exitCode === 0 ? 1 : 0 }],
  },
  {
    name: 'iceprobe_run_duration_seconds',
    help: 'How long the run took.',
    samples: ({ durationMs }) => [{ value: durationMs / 1000 }],
  },
  {
    name: 'iceprobe_last_run_timestamp_seconds',
    help: 'When the run began, in seconds since 1970.',
    samples: ({ startedAt }) => {
      const ms = Date.parse(startedAt);
      return Number.isNaN(ms) ? [] : [{ value: ms / 1000 }];
    },
  },
  {
    name: 'iceprobe_findings',
    help: 'How many findings of an id there are.',
    samples: ({ findings }) =>
      [...new Set(findings.map(({ id }) => id))].map((id) => {
        const same = findings.filter((finding) => finding.id === id);
        return { labels: { id, severity: same[0]?.severity ?? '' }, value: same.length };
      }),
  },
  {
    name: 'iceprobe_expectation_met',
    help: 'Whether an expectation is met; 0 also where that is not determined.',
    samples: ({ expectations = [] }) =>
      expectations.map(({ text, met }) => ({ labels: { expectation: text }, value: met === true ? 1 : 0 })),
  },
  {
    name: 'iceprobe_gathering_duration_seconds',
    help: 'Until gathering was complete.',
    samples: ({ gatherings = [] }) =>
      gatherings
        .filter(({ url }) => url === null)
        .flatMap(({ vantage, states }) => {
          const complete = states.find(({ state }) => state === 'complete');
          return complete === undefined ? [] : [{ labels: { vantage }, value: complete.ms / 1000 }];
        }),
  },
  {
    name: 'iceprobe_candidates',
    help: 'How many candidates of a type came.',
    samples: ({ gatherings = [] }) =>
      gatherings
        .filter(({ url }) => url === null)
        .flatMap(({ vantage, candidates }) =>
          ['host', 'srflx', 'relay'].map((type) => ({
            labels: { vantage, type },
            value: candidates.filter((candidate) => candidate.type === type).length,
          })),
        ),
  },
  {
    name: 'iceprobe_server_up',
    help: 'Whether a URL gave what it is for.',
    samples: (report) =>
      asked(report).map(({ url, verdict }) => ({
        labels: { url },
        value: verdict === 'ok' || verdict === 'warning' ? 1 : 0,
      })),
  },
  {
    name: 'iceprobe_stage_success',
    help: 'Whether a stage of an attempt passed.',
    samples: (report) =>
      stages(report).map(({ labels, stage }) => ({
        labels,
        value: stage.status === 'fail' || stage.status === 'unknown' ? 0 : 1,
      })),
  },
  {
    name: 'iceprobe_stage_duration_seconds',
    help: 'How long a stage of an attempt took.',
    samples: (report) => stages(report).map(({ labels, stage }) => ({ labels, value: stage.ms / 1000 })),
  },
  {
    name: 'iceprobe_relay_rtt_seconds',
    help: 'Round trip of data through the relay.',
    samples: (report) =>
      relays(report).flatMap(({ labels, relay }) =>
        relay.rttMs === null
          ? []
          : [
              { labels: { ...labels, stat: 'p50' }, value: relay.rttMs.p50 / 1000 },
              { labels: { ...labels, stat: 'p95' }, value: relay.rttMs.p95 / 1000 },
            ],
      ),
  },
  {
    name: 'iceprobe_relay_jitter_seconds',
    help: 'Mean difference between one round trip through the relay and the next.',
    samples: (report) =>
      relays(report).flatMap(({ labels, relay }) =>
        relay.jitterMs === null ? [] : [{ labels, value: relay.jitterMs / 1000 }],
      ),
  },
  {
    name: 'iceprobe_relay_loss_ratio',
    help: 'Share of the datagrams through the relay that were lost.',
    samples: (report) =>
      relays(report).flatMap(({ labels, relay }) =>
        relay.lossPercent === null ? [] : [{ labels, value: relay.lossPercent / 100 }],
      ),
  },
  {
    name: 'iceprobe_certificate_remaining_seconds',
    help: 'How long the certificate is still valid.',
    samples: (report) =>
      attempts(report).flatMap(({ labels, attempt }) =>
        attempt.tls?.daysLeft === undefined || attempt.tls.daysLeft === null
          ? []
          : [{ labels, value: attempt.tls.daysLeft * 86_400 }],
      ),
  },
];

function asked({ servers = [] }: Report): readonly NonNullable<Report['servers']>[number][] {
  return servers.filter(({ control }) => control === undefined);
}

/** One for each address, transport and interface: the last one stands for those that were tried again. */
function attempts(report: Report) {
  return asked(report).flatMap(({ url, attempts: all }) =>
    all.map((attempt) => ({
      attempt,
      labels: {
        url,
        address: attempt.address,
        transport: attempt.transport,
        family: String(attempt.family),
        interface: attempt.interface ?? '',
      },
    })),
  );
}

function stages(report: Report) {
  return attempts(report).flatMap(({ attempt, labels }) =>
    attempt.stages
      .filter(({ status }) => status !== 'skip')
      .map((stage) => ({ stage, labels: { ...labels, stage: stage.stage } })),
  );
}

function relays(report: Report) {
  return attempts(report).flatMap(({ attempt, labels }) =>
    attempt.relay === undefined ? [] : [{ relay: attempt.relay, labels }],
  );
}
