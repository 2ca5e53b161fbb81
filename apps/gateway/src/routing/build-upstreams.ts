import { dirname } from 'node:path';
import type { Logger } from '@woodytoys/service';
import type { LoadedConfig } from '../config/merge.ts';
import type {
  BreakerConfig,
  EjectConfig,
  ProbeConfig,
  ReplicatedConfig,
  RetryConfig,
  SplitConfig,
} from '../config/upstream-config.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Shared } from './shared.ts';
import { durationMs } from '../config/units.ts';
import type { RetryOptions } from '../upstreams/attempts.ts';
import type { BreakerOptions } from '../upstreams/circuit-breaker.ts';
import { createDiscovery, readDiscovery } from '../upstreams/discovery.ts';
import type { Discovery } from '../upstreams/discovery.ts';
import type { EjectionOptions } from '../upstreams/ejection.ts';
import { Mirror } from '../upstreams/mirror.ts';
import type { ProbeOptions } from '../upstreams/probe.ts';
import { ReplicatedUpstream } from '../upstreams/replicated-upstream.ts';
import type { UpstreamOptions } from '../upstreams/replicated-upstream.ts';
import type { ResolveName, ResolveService } from '../upstreams/resolve.ts';
import { SplitUpstream } from '../upstreams/split-upstream.ts';
import { fingerprintOf, readTls } from '../upstreams/tls.ts';
import type { UpstreamTls } from '../upstreams/tls.ts';
import type { Upstream } from '../upstreams/upstream.ts';

export interface UpstreamBuildDependencies {
  readonly shared: Shared;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  readonly resolveName: ResolveName;
  readonly resolveService: ResolveService;
}

/** Runs `work`; a TypeError becomes a mistake at `pointer`. */
export type Attempt = <Result>(pointer: string, work: () => Result) => Result | undefined;

/** Finds an upstream that has replicas of its own; undefined when it has a mistake told elsewhere. */
type FindReplicated = (name: string) => ReplicatedUpstream | undefined;

export interface BuiltUpstreams {
  /** By name; one with a mistake is missing. */
  readonly byName: ReadonlyMap<string, Upstream>;
  /**
   * Sets who gets copies. Upstreams outlive a reload and those that they mirror to may not, so that this
   * is for a configuration without mistakes alone.
   */
  mirror(): void;
}

/** Makes the upstreams of a configuration. */
export function buildUpstreams(
  { config, files }: LoadedConfig,
  dependencies: UpstreamBuildDependencies,
  attempt: Attempt,
): BuiltUpstreams {
  const folder = dirname(files[0] as string);
  const upstreams = new Map<string, Upstream>();
  const replicated = new Map<string, ReplicatedUpstream>();
  const configs = Object.entries(config.upstreams);
  for (const [name, upstream] of configs) {
    if (upstream.split !== undefined) continue;
    const made = buildReplicated(name, upstream, folder, dependencies, attempt);
    if (made === undefined) continue;
    replicated.set(name, made);
    upstreams.set(name, made);
  }
  const names = configs.filter(([, { split }]) => split === undefined).map(([name]) => name);
  const find: FindReplicated = (name) => {
    if (names.includes(name)) return replicated.get(name);
    throw new TypeError(
      `there is no upstream "${name}" that has replicas; there are ${names.join(', ') || 'none'}`,
    );
  };
  const mirrors: (() => void)[] = [];
  for (const [name, upstream] of configs) {
    if (upstream.split !== undefined) {
      const made = attempt(`/upstreams/${name}/split`, () => buildSplit(name, upstream, find));
      if (made !== undefined) upstreams.set(name, made);
    } else {
      const set = attempt(`/upstreams/${name}/mirror`, () =>
        mirrorSetter(name, upstream, find, dependencies),
      );
      if (set !== undefined) mirrors.push(set);
    }
  }
  return { byName: upstreams, mirror: () => mirrors.forEach((set) => set()) };
}

function buildSplit(
  name: string,
  { split, splitBy, ...others }: SplitConfig,
  find: FindReplicated,
): Upstream | undefined {
  const [other] = Object.keys(others).filter((key) => key !== 'contract');
  if (other !== undefined) {
    throw new TypeError(`"${other}" belongs to the upstreams that "split" names; move it there`);
  }
  const parts = Object.entries(split).flatMap(([part, weight]) => {
    const upstream = find(part);
    return upstream === undefined ? [] : [{ upstream, weight }];
  });
  if (parts.length < Object.keys(split).length) return undefined;
  if (parts.every(({ weight }) => weight === 0)) {
    throw new TypeError('every weight is 0; give one of them more');
  }
  return new SplitUpstream({ name, parts, by: splitBy?.toLowerCase() });
}

function mirrorSetter(
  name: string,
  { mirror }: ReplicatedConfig,
  find: FindReplicated,
  { metrics }: UpstreamBuildDependencies,
): (() => void) | undefined {
  if (mirror?.upstream === name) throw new TypeError('an upstream cannot mirror to itself');
  const [from, upstream] = [find(name), mirror && find(mirror.upstream)];
  if (from === undefined) return undefined;
  const made =
    upstream &&
    new Mirror({
      upstream,
      percent: mirror?.percent ?? 100,
      count: (outcome) => metrics.gateway.mirrored(name, outcome),
    });
  return () => {
    from.mirror = made;
  };
}

function buildReplicated(
  name: string,
  config: ReplicatedConfig,
  folder: string,
  { shared, metrics, resolveName, resolveService, log }: UpstreamBuildDependencies,
  attempt: Attempt,
): ReplicatedUpstream | undefined {
  const at = `/upstreams/${name}`;
  const discover = attempt(`${at}/discover`, () => readDiscovery(config.discover));
  const tls = attempt(`${at}/tls`, () =>
    config.tls === undefined ? {} : readTls(config.tls, folder),
  );
  if (discover === undefined || tls === undefined) return undefined;
  const secure = config.tls !== undefined;
  if (
    secure &&
    discover.kind === 'static' &&
    discover.addresses.every(({ protocol }) => protocol === 'http:')
  ) {
    return attempt(`${at}/tls`, () => {
      throw new TypeError('"tls" is for https:// addresses; write them so, or take "tls" out');
    });
  }
  // The same name with the same settings goes on over a reload, its connections included.
  const key = `upstream ${name} ${JSON.stringify(config)} ${fingerprintOf(tls)}`;
  return shared.get(key, () => {
    const discovery = createDiscovery(discover, { resolveName, resolveService, log }, secure);
    return new ReplicatedUpstream(upstreamOptions(name, config, discovery, tls), {
      discovery,
      log,
      metrics: metrics.gateway,
    });
  });
}

function upstreamOptions(
  name: string,
  config: ReplicatedConfig,
  { kind }: Discovery,
  tls: UpstreamTls,
): UpstreamOptions {
  const probed = kind === 'dns' || config.probe.static;
  const { eject, breaker, adaptive, maxInFlight } = config;
  return {
    name,
    discover: config.discover,
    balance: config.balance,
    connections: config.connections,
    connectTimeoutMs: durationMs(config.connectTimeout),
    keepAliveMs: durationMs(config.keepAlive),
    tls,
    probe: probed ? probeOptions(config.probe, tls) : undefined,
    limit: { maxInFlight, adaptive: adaptive || undefined },
    retry: retryOptions(config.retry),
    ejection: eject === false ? undefined : ejectionOptions(eject),
    breaker: breaker === false ? undefined : breakerOptions(breaker),
  };
}

function probeOptions(
  { port, protocol, path, interval, timeout }: ProbeConfig,
  tls: UpstreamTls,
): ProbeOptions {
  return {
    port,
    protocol: protocol && `${protocol}:`,
    path,
    intervalMs: durationMs(interval),
    timeoutMs: durationMs(timeout),
    tls,
  };
}

function retryOptions(config: RetryConfig): RetryOptions {
  const { on, methods, times, budgetPercent, budgetPerSecond } = config;
  return {
    on: new Set(on),
    methods: new Set(methods),
    times,
    budget: { share: budgetPercent / 100, minPerSecond: budgetPerSecond },
  };
}

function ejectionOptions({ failures, base, max, maxPercent }: EjectConfig): EjectionOptions {
  return {
    failures,
    baseMs: durationMs(base),
    maxMs: durationMs(max),
    maxShare: maxPercent / 100,
  };
}

function breakerOptions(config: BreakerConfig): BreakerOptions {
  const { window, minRequests, failurePercent, open, probes } = config;
  return {
    windowMs: durationMs(window),
    minRequests,
    failureShare: failurePercent / 100,
    openMs: durationMs(open),
    probes,
  };
}
