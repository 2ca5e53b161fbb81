import { createMetricsRegistry } from '@woodytoys/metrics';
import { createLogger } from '@woodytoys/service';
import { audit } from './index.ts';
import type { Finding } from './index.ts';
import { buildGateway } from '../routing/build.ts';
import { GatewayConfigError } from '../config/errors.ts';
import type { Environment } from '../config/interpolate.ts';
import { createConfigReader } from '../config/reader.ts';
import type { Mistake } from '../config/types.ts';
import { builtInRegistry } from '../registry.ts';
import { Shared } from '../routing/shared.ts';
import { createSlices } from '../routing/slices.ts';
import { createResolveName, createResolveService } from '../upstreams/resolve.ts';

/** What is to be said of a configuration. */
export interface CheckResult {
  /** Why a gateway would refuse it. */
  readonly mistakes: readonly Mistake[];
  /** What somebody should look at; nothing while there are mistakes. */
  readonly findings: readonly Finding[];
  readonly routes: number;
  readonly files: readonly string[];
}

/** Loads a configuration as a gateway does, asks no upstream and answers nothing, and audits it. */
export async function checkConfig(
  configFile: string,
  environment: Environment,
): Promise<CheckResult> {
  const reader = createConfigReader({ configFile, environment, registry: builtInRegistry() });
  const shared = new Shared();
  const resolveName = createResolveName();
  const registry = createMetricsRegistry({ defaultMetrics: false });
  try {
    const loaded = await reader.read();
    const built = await buildGateway(loaded, {
      shared,
      slices: createSlices(),
      metrics: registry.service('gateway'),
      observer: { attempt() {}, retry() {} },
      log: createLogger({ service: 'gateway', level: 'fatal' }),
      redis: undefined,
      resolveName,
      resolveService: createResolveService(resolveName),
      publisher: undefined,
    });
    const findings = await audit(loaded, built);
    return { mistakes: [], findings, routes: built.routes.length, files: loaded.files };
  } catch (error) {
    if (!(error instanceof GatewayConfigError)) throw error;
    return { mistakes: error.mistakes, findings: [], routes: 0, files: [] };
  } finally {
    await shared.closeOlder(Infinity);
    registry.close();
  }
}
