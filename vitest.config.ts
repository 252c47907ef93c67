import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/support/sequencer.ts';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };
// An object for each project: vitest takes the entries out of the one that it is given.
const define = () => ({ __ICEPROBE_VERSION__: JSON.stringify(version) });
// Peers are other programs on a shared machine: one that stands still for a second is no defect of ours. In CI a test that
// failed is tried once more, and scripts/second-tries.mjs lists it by name.
const retry = process.env['CI'] === 'true' ? 1 : 0;
const globalSetup = ['test/support/build.setup.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        define: define(),
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          globalSetup,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real peers (coturn, browsers) on loopback: few at a time, the machine has two cores. Half of each file is waiting.
        define: define(),
        test: {
          name: 'interop',
          retry,
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          globalSetup,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Network namespaces: needs root.
        define: define(),
        test: {
          name: 'lab',
          retry,
          include: ['test/lab/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          maxConcurrency: 16, // most of a network test is waiting
          globalSetup,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
