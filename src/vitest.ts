import { expect } from 'vitest';
import { type CheckOptions, check } from './index.ts';
import type { Report } from './record/report.ts';
import { pretty } from './report/pretty.ts';

export type { CheckOptions } from './index.ts';
export type { Report } from './record/report.ts';

/** What can be asserted of servers. Each assertion resolves to the report, and rejects as vitest's own do. */
export interface IceAssertions {
  /** All that was expected holds, and nothing is wrong at or above `failOn`. */
  toPass(): Promise<Report>;
  /** Something that was expected does not hold, or was not determined, or there is such a finding. */
  toFail(): Promise<Report>;
  /** There is a finding of this id: `auth.bad-credentials`. */
  toFind(id: string): Promise<Report>;
  /** Whatever came, for assertions of your own. */
  report(): Promise<Report>;
}

/**
 * For tests with vitest: asks the servers what `iceprobe check` asks, once, whatever is then asserted of them.
 * `await expectIce({ iceServers, maxRtt: 200 }).toPass()`.
 */
export function expectIce(options: CheckOptions): IceAssertions {
  let running: Promise<Report> | undefined;
  const report = (): Promise<Report> => {
    running ??= check(options);
    return running;
  };
  return {
    report,
    async toPass() {
      const seen = await report();
      expect(seen).toBeGoodIce();
      return seen;
    },
    async toFail() {
      const seen = await report();
      expect(seen).not.toBeGoodIce();
      return seen;
    },
    async toFind(id) {
      const seen = await report();
      expect(seen).toHaveFinding(id);
      return seen;
    },
  };
}

expect.extend({
  /** Of a report: its exit code is 0. */
  toBeGoodIce(received: Report) {
    return {
      pass: received.exitCode === 0,
      message: () => `expected ${this.isNot ? 'something to be wrong' : 'nothing to be wrong'}:\n\n${pretty(received)}`,
    };
  },
  /** Of a report: there is a finding of that id. */
  toHaveFinding(received: Report, id: string) {
    const ids = received.findings.map((finding) => finding.id);
    return {
      pass: ids.includes(id),
      message: () =>
        `expected ${this.isNot ? 'no finding' : 'the finding'} ${id}, found ${ids.join(', ') || 'none'}:\n\n${pretty(received)}`,
      actual: ids,
      expected: id,
    };
  },
});

interface IceMatchers {
  /** Of a report of iceprobe: all that was expected holds, and nothing is wrong. */
  toBeGoodIce(): void;
  /** Of a report of iceprobe: there is a finding of this id. */
  toHaveFinding(id: string): void;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: a declaration must repeat vitest's own parameter
  interface Matchers<T = any> extends IceMatchers {}
}
