/** What a run is given, and what the script gets of it. */
import { isScenario, scenarioNames, scenarios, type Scenario } from './catalogue.ts';
import { LoadError } from './failure.ts';
import { readOption, secondsOf, variableOf, type OptionName } from './options.ts';

/** The options of a scenario by name, as its script reads them. */
export type ScenarioOptions = Readonly<Partial<Record<OptionName, string>>>;

/**
 * The options of a run, checked, with those of the scenario where none is given.
 *
 * @throws LoadError
 */
export function readOptions(
  name: string,
  given: Readonly<Record<string, string | number>>,
): ScenarioOptions {
  if (!isScenario(name)) {
    throw new LoadError(`There is no scenario "${name}". Known: ${scenarioNames.join(', ')}.`, {
      exitCode: 2,
    });
  }
  const known: Scenario['options'] = scenarios[name].options;
  for (const option of Object.keys(given)) {
    if (Object.hasOwn(known, option)) continue;
    const takes = Object.keys(known).map((one) => `--${one}`);
    throw new LoadError(
      `The scenario ${name} has no option --${option}; it takes ${takes.join(', ') || 'none'}.`,
      { exitCode: 2 },
    );
  }
  return Object.fromEntries(
    Object.entries(known).map(([option, normally]) => [
      option,
      readOption(option as OptionName, given[option] ?? normally),
    ]),
  );
}

/** How long a run with these options takes by plan; undefined where that is not known. */
export function plannedSeconds(values: ScenarioOptions): number | undefined {
  return values.duration === undefined ? undefined : secondsOf(values.duration);
}

/** As `__ENV` of the script has them. */
export function variablesOf(values: ScenarioOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([option, value]) => [variableOf(option), value]),
  );
}
