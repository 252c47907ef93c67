/**
 * A reporter for vitest that lists by name the tests which failed first and passed when they were tried again: a machine
 * that stands still for a second is no defect of the project, but a flake must not go unseen either.
 */
export default class SecondTries {
  /** @type {{ name: string, why: string }[]} */
  #names = [];

  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    // A test that is known to fail fails at every try.
    if (test.diagnostic()?.flaky !== true || test.options.fails === true) return;
    const [why = ''] = (test.result().errors?.[0]?.message ?? '').split('\n');
    this.#names.push({ name: `${test.module.relativeModuleId} > ${test.fullName}`, why });
  }

  onTestRunEnd() {
    if (this.#names.length === 0) return;
    console.log(`passed only at the second try: ${this.#names.length}`);
    for (const { name, why } of this.#names) console.log(`  ${name}${why === '' ? '' : `: ${why}`}`);
  }
}
