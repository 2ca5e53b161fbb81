import { createContractStore } from '../contracts/store.ts';
import type { Registry } from '../plugin.ts';
import { createSlices } from '../routing/slices.ts';
import type { Slices } from '../routing/slices.ts';
import type { Environment } from './interpolate.ts';
import { loadConfig } from './load.ts';
import type { LoadedConfig } from './merge.ts';
import { createPlugins } from './plugins.ts';
import { ReadFiles } from './read-files.ts';
import { configSchema } from './schema.ts';
import { createValidator, lazily } from './validate.ts';
import type { Validate } from './validate.ts';

export interface ConfigReaderOptions {
  readonly configFile: string;
  readonly environment: Environment;
  /** The filters and endpoints that need no plugin. */
  readonly registry: Registry;
}

/** Reads a configuration, again and again; what schemas, plugins and contracts need is made once. */
export interface ConfigReader {
  /** @throws GatewayConfigError with every mistake of every file, by line (rejection). */
  read(files?: ReadFiles, slices?: Slices): Promise<LoadedConfig>;
}

export function createConfigReader({
  configFile,
  environment,
  registry,
}: ConfigReaderOptions): ConfigReader {
  const plugins = createPlugins(registry);
  const contracts = createContractStore();
  const validators = new WeakMap<Registry, Validate>();
  function validatorOf(usable: Registry): Validate {
    let validator = validators.get(usable);
    if (validator === undefined) {
      validator = createValidator(configSchema(usable, lazily));
      validators.set(usable, validator);
    }
    return validator;
  }
  return {
    read: (files = new ReadFiles(), slices = createSlices()) =>
      loadConfig(configFile, { files, slices, environment, plugins, contracts, validatorOf }),
  };
}
