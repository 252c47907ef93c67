/** One metric of Prometheus' text format (version 0.0.4), with all of its samples. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels?: Labels;
  readonly value: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, ascending; `+Inf` is added. */
  readonly bounds: readonly number[];
  readonly samples: readonly HistogramSample[];
}

export interface HistogramSample {
  readonly labels?: Labels;
  /** How many fell into each bucket, not cumulated; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Empty where there are no samples. The same labels twice would make the whole exposition invalid: the last one stands. */
export function exposition({ name, help, type, samples }: MetricFamily): string {
  const lines = new Map(samples.map(({ labels, value }) => [`${name}${labelsOf(labels)}`, numberOf(value)]));
  if (lines.size === 0) return '';
  return head(name, help, type) + [...lines].map(([series, value]) => `${series} ${value}\n`).join('');
}

export function histogramExposition({ name, help, bounds, samples }: HistogramFamily): string {
  if (samples.length === 0) return '';
  const edges = [...bounds.map(String), '+Inf'];
  const lines = samples.map(({ labels = {}, counts, sum }) => {
    const inner = pairsOf(labels);
    const prefix = inner === '' ? '' : `${inner},`;
    let total = 0;
    let text = '';
    edges.forEach((edge, index) => {
      total += counts[index] ?? 0;
      text += `${name}_bucket{${prefix}le="${edge}"} ${total}\n`;
    });
    const own = labelsOf(labels);
    return `${text}${name}_sum${own} ${numberOf(sum)}\n${name}_count${own} ${total}\n`;
  });
  return head(name, help, 'histogram') + lines.join('');
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function labelsOf(labels: Labels = {}): string {
  const pairs = pairsOf(labels);
  return pairs === '' ? '' : `{${pairs}}`;
}

function pairsOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberOf(value: number): string {
  return String(Number(value.toFixed(9)));
}
