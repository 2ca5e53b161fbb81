/**
 * The tests that may be skipped where `CI=true`, each with the reason. `test` is the beginning of
 * the name as `npm test` prints it: `PROJECT FILE > SUITE > TEST`.
 *
 * @type {readonly {test: string, reason: string}[]}
 */
export const allowedSkips = [];
