import { describe, expect, it } from 'vitest';
import { tally } from '../../../scripts/tally.mjs';

const good = { status: 'passed', fullName: 'good' };
const bad = { status: 'failed', fullName: 'bad' };

function file(status: string, ...assertionResults: { status: string; fullName: string }[]) {
  return { name: 'a.test.ts', status, assertionResults };
}

describe('the tally of a test run', () => {
  it('counts tests', () => {
    const results = { success: false, testResults: [file('failed', good, bad), file('passed', good, good)] };
    expect(tally(results, 1)).toEqual({ passed: 3, failed: 1, skipped: [] });
  });

  it('counts a file that could not be loaded, which has no test to fail', () => {
    expect(tally({ success: false, testResults: [file('failed'), file('passed', good)] }, 1)).toMatchObject({
      failed: 1,
    });
    expect(tally({ success: false, testResults: [file('failed', good)] }, 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: [],
    });
  });

  it('counts an error outside of any test', () => {
    expect(tally({ success: true, testResults: [file('passed', good)] }, 1)).toMatchObject({ passed: 1, failed: 1 });
    expect(tally({ success: false, testResults: [file('passed', good)] }, 0)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('names what did not run, for whatever reason', () => {
    const left = ['pending', 'skipped', 'todo'].map((status) => ({ status, fullName: status }));
    expect(tally({ success: true, testResults: [file('passed', good, ...left)] }, 0)).toEqual({
      passed: 1,
      failed: 0,
      skipped: ['pending', 'skipped', 'todo'],
    });
  });

  it('is nothing if nothing ran', () => {
    expect(tally({ success: true, testResults: [] }, 0)).toEqual({ passed: 0, failed: 0, skipped: [] });
  });
});
