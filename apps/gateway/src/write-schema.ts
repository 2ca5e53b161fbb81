import { writeFileSync } from 'node:fs';
import { configSchema } from './config/schema.ts';
import { builtInRegistry } from './registry.ts';

/** Writes `gateway.schema.json`, which editors complete `gateway.yaml` from. */
const schema = JSON.stringify(configSchema(builtInRegistry()), null, 2);
writeFileSync(new URL('../gateway.schema.json', import.meta.url), `${schema}\n`);
