import { stripVTControlCharacters } from 'node:util';

/**
 * A reporter for vitest that lists by name the tests which failed first and passed when they were tried again: a machine
 * that stands still for a second is no defect of the project, but a flake must not go unseen either.
 */
export default class SecondTries {
  /** @type {{ name: string, why: string, found: string[] }[]} */
  #names = [];

  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    // A test that is known to fail fails at every try.
    if (test.diagnostic()?.flaky !== true || test.options.fails === true) return;
    const [{ message = '', diff = '' } = {}] = test.result().errors ?? [];
    const [why = ''] = message.split('\n');
    this.#names.push({ name: `${test.module.relativeModuleId} > ${test.fullName}`, why, found: foundIn(diff) });
  }

  onTestRunEnd() {
    if (this.#names.length === 0) return;
    console.log(`passed only at the second try: ${this.#names.length}`);
    for (const { name, why, found } of this.#names) {
      console.log(`  ${name}${why === '' ? '' : `: ${why}`}`);
      for (const line of found) console.log(`    ${line}`);
    }
  }
}

const MOST_LINES = 8;

/**
 * What was there in place of what was expected: the message alone cuts lists short.
 * @param {string} diff
 */
function foundIn(diff) {
  // Colours are for terminals; this is read in logs.
  const lines = stripVTControlCharacters(diff).split('\n');
  return lines.filter((line) => /^\+ {2,}\S/.test(line)).slice(0, MOST_LINES);
}
