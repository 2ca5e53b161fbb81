/**
 * The tests that may be skipped where `CI=true`, each with the reason. `test` is the beginning of
 * the name as `npm test` prints it: `PROJECT FILE > SUITE > TEST`.
 *
 * @type {readonly {test: string, reason: string}[]}
 */
export const allowedSkips = [
  ...[
    'load-program.test.ts > npm run load',
    'run-scenario.test.ts > runScenario',
    'lab/engine.test.ts > a lab',
    'lab/signals.test.ts > the command of labs',
  ].map((tests) => ({
    test: `loadtests test/${tests} (skipped: no k6`,
    reason: 'k6 is a program of its own, which not every machine has',
  })),
  ...[
    'limit-for-run.test.ts > the limit for a run > is kept on this machine',
    'load-program.test.ts > npm run load > comes from many addresses',
  ].map((tests) => ({
    test: `loadtests test/${tests}`,
    reason: 'only Linux has every address of 127.0.0.0/8',
  })),
  {
    test: 'infra test/traefik.test.ts',
    reason: 'Traefik is an option: `npm test -- --project infra` runs it where its image is',
  },
];
