import { writeFileSync } from 'node:fs';

/**
 * A vitest reporter that writes what scripts/test.mjs counts into the file named by
 * `WOODYTOYS_TEST_SUMMARY`: `{passed, failed, skipped: [{name, reason?}], errors: [text]}`.
 */
export default class SummaryReporter {
  onTestRunEnd(testModules, unhandledErrors) {
    const summary = { passed: 0, failed: 0, skipped: [], errors: unhandledErrors.map(textOf) };
    for (const module of testModules) {
      for (const error of suiteErrors(module)) {
        summary.errors.push(`${nameOfModule(module)}: ${textOf(error)}`);
      }
      for (const test of module.children.allTests()) count(summary, module, test);
    }
    writeFileSync(process.env.WOODYTOYS_TEST_SUMMARY, JSON.stringify(summary));
  }
}

function count(summary, module, test) {
  const result = test.result();
  if (result.state === 'passed') summary.passed += 1;
  else if (result.state === 'skipped') {
    const name = `${nameOfModule(module)} > ${test.fullName}`;
    summary.skipped.push({ name, mode: test.options.mode, reason: result.note });
  } else summary.failed += 1; // `pending`: it never came to an end
}

/** A file that could not be loaded, or a hook that failed: its tests do not count as run. */
function suiteErrors(module) {
  const suites = [...module.children.allSuites()];
  return [module, ...suites].flatMap((suite) => suite.errors());
}

function nameOfModule(module) {
  return `${module.project.name} ${module.relativeModuleId}`;
}

function textOf(error) {
  return error.stack?.split('\n')[0] ?? error.message ?? String(error);
}
