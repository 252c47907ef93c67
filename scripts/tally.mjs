/**
 * @typedef {object} FileResult
 * @property {string} name
 * @property {string} status
 * @property {{ status: string, fullName: string }[]} assertionResults
 */

/**
 * What a run of vitest comes to, from its JSON report.
 * @param {{ success: boolean, testResults: FileResult[] }} results
 * @param {number} status  vitest's exit status
 * @returns {{ passed: number, failed: number, skipped: string[] }} skipped by name
 */
export function tally(results, status) {
  const all = results.testResults.flatMap((file) => file.assertionResults);
  const passed = all.filter((test) => test.status === 'passed').length;
  const skipped = all.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  // A file that could not be loaded has no failed test of its own.
  const broken = results.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = all.filter((test) => test.status === 'failed').length + broken;
  // Nor has an error outside of any test.
  const elsewhere = failed === 0 && (status !== 0 || !results.success) ? 1 : 0;
  return { passed, failed: failed + elsewhere, skipped: skipped.map((test) => test.fullName) };
}
