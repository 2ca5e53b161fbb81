/**
 * @typedef {object} Summary what summary-reporter.mjs writes
 * @property {number} passed
 * @property {number} failed
 * @property {readonly {name: string, mode?: string, reason?: string}[]} skipped
 * @property {readonly string[]} errors outside of tests: files that do not load, failed hooks
 */

/**
 * What a run of the tests amounts to.
 *
 * @param {Summary} summary
 * @param {object} options
 * @param {boolean} options.strict a skip is a failure unless `allowedSkips` names it
 * @param {boolean} options.selected the caller chose tests by name: the others are no skips
 * @param {number} options.exitCode of vitest
 * @param {readonly {test: string, reason: string}[]} options.allowedSkips
 * @returns {{ok: boolean, lines: string[]}} the last line is `N passed, N failed, N skipped`
 */
export function judge(summary, { strict, selected, exitCode, allowedSkips }) {
  const lines = [];
  let failed = summary.failed + summary.errors.length;
  for (const error of summary.errors) lines.push(`error    ${error}`);

  const skipped = summary.skipped.filter(
    ({ name, reason }) => !selected || reason !== undefined || name.includes('(skipped: '),
  );
  for (const skip of skipped) {
    const allowed = allowedSkips.find(({ test }) => skip.name.startsWith(test));
    const reason = skip.reason ?? allowed?.reason ?? defaultReason(skip);
    lines.push(`skipped  ${skip.name}: ${reason}`);
    if (!strict || allowed) continue;
    failed += 1;
    lines.push(
      '         a failure, since CI=true and scripts/testing/allowed-skips.mjs has it not',
    );
  }

  if (summary.passed + failed === 0) {
    failed += 1;
    lines.push('error    no test has run');
  }
  if (exitCode !== 0 && failed === 0) {
    failed += 1;
    lines.push(`error    vitest ended with exit code ${exitCode}`);
  }
  lines.push(`${summary.passed} passed, ${failed} failed, ${skipped.length} skipped`);
  return { ok: failed === 0, lines };
}

/** A group that is skipped for want of a server says why in its title. */
function defaultReason({ name, mode }) {
  const told = /\(skipped: (.*?)\)(?= > |$)/.exec(name);
  if (told) return told[1];
  return mode === 'todo' ? 'still to be written' : 'no reason given';
}
