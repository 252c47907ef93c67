import { afterAll, expect, it } from 'vitest';
import type { BrowserName } from '../support/browser.ts';
import { CASES, type OracleCase } from './oracle/cases.ts';
import { explain, type Sets } from './oracle/differences.ts';
import { CHANGING, everyNetwork } from './oracle/every-network.ts';
import { Place } from './oracle/place.ts';
import { describeInLab } from './support/needs.ts';

/** ORACLE_NETWORKS=all compares in every network of the lab, which takes minutes. */
const ALL: readonly OracleCase[] = [...CASES, ...(process.env['ORACLE_NETWORKS'] === 'all' ? everyNetwork() : [])];

const BROWSERS: readonly BrowserName[] = ['chromium', 'firefox'];

// What a browser's ICE agent sees from a place, iceprobe sees from there too, but for what docs/browsers.md explains.
for (const browser of BROWSERS) {
  describeInLab(
    'go',
    'openssl',
    browser,
  )(`gather finds what ${browser} finds`, () => {
    const places = new Map<string, Place>();
    afterAll(async () => {
      await Promise.all([...places.values()].map((place) => place[Symbol.asyncDispose]()));
    });

    const rows = ALL.flatMap((one): [string, OracleCase][] =>
      one.differs[browser] === undefined ? [] : [[`${one.title} (${one.network})`, one]],
    );
    it.concurrent.each(rows)(
      '%s',
      async (_, one) => {
        const place = places.get(one.network) ?? new Place(one.network);
        places.set(one.network, place);
        const { theyCompleted, ourCompleteMs, findings, ...sets } = await place.gather(one, browser);
        const comparable = CHANGING.includes(one.network) ? withoutMapped(sets) : sets;
        expect(explain(comparable, one.differs[browser] ?? [])).toEqual({ unexplained: [], unused: [] });
        expect([...sets.ours].some((sort) => sort.startsWith('host ')) || one.policy === 'relay').toBe(true);
        expect(theyCompleted).toBe(one.cutMs === undefined);
        // Whatever is silent: by then, with five seconds for the machine.
        expect(ourCompleteMs).toBeLessThan(10_500);
        if (one.finding !== undefined) expect(findings).toContainEqual(expect.stringMatching(one.finding));
      },
      180_000,
    );
  });
}

function withoutMapped({ ours, theirs }: Sets): Sets {
  const strip = (all: Sets['ours']) => new Set([...all].map((sort) => sort.replace(/^(srflx \S+) .*/, '$1')));
  return { ours: strip(ours), theirs: strip(theirs) };
}
