import { randomBytes } from 'node:crypto';
import type { CacheMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { InvalidationChannel } from './invalidation-channel.ts';
import type { InvalidationMessage } from './invalidation-channel.ts';
import { PendingInvalidations } from './pending-invalidations.ts';
import type { PendingInvalidation } from './pending-invalidations.ts';
import { RedisLink, answered } from './redis-link.ts';
import { tokenLength } from './redis-scripts.ts';
import type { ScriptedRedis } from './redis-scripts.ts';
import type { Drop, FillOutcome, Reading, SecondLevel } from './second-level.ts';

/** Beyond this, whole namespaces are forgotten when Redis is back. */
const maxPendingKeys = 10_000;
/** Lua passes the keys of a call on its stack, which holds 8,000. */
const keysPerCall = 500;

interface ForgetCall {
  readonly what: PendingInvalidation;
  readonly send: (client: ScriptedRedis) => Promise<1>;
}

export interface RedisLevelParts {
  readonly url: string;
  /** Caches with the same one share their entries. */
  readonly keyspace: string;
  readonly commandTimeoutMs: number;
  readonly log: Logger;
  readonly metrics: CacheMetrics;
  readonly drop: (what: Drop) => void;
}

/**
 * The second level in Redis. Keys begin with the keyspace and the id of the Redis process: one that
 * restarts from a snapshot, or a replica promoted in its place, may bring entries back that were
 * forgotten since, and none of them is found under the new id.
 */
export class RedisLevel implements SecondLevel {
  readonly #link: RedisLink;
  readonly #channel: InvalidationChannel;
  readonly #channelName: string;
  readonly #keyspace: string;
  readonly #commandTimeoutMs: number;
  readonly #self = randomBytes(12).toString('base64url');
  readonly #pending = new PendingInvalidations(maxPendingKeys);
  #root = '';
  #tokens = 0;

  constructor(parts: RedisLevelParts) {
    const { url, keyspace, commandTimeoutMs, log, metrics, drop } = parts;
    this.#keyspace = keyspace;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#channelName = `${keyspace}:forget`;
    this.#link = new RedisLink({
      url,
      connectionName: keyspace,
      commandTimeoutMs,
      log,
      metrics,
      reconcile: (client, runId) => this.#reconcile(client, runId),
      isReconciled: () => this.#pending.isEmpty,
    });
    this.#channel = new InvalidationChannel({
      url,
      connectionName: `${keyspace}:forget`,
      channel: this.#channelName,
      self: this.#self,
      log,
      metrics,
      drop,
    });
  }

  async read(namespace: string, id: string, staleMs: number): Promise<Reading | undefined> {
    const answer = await this.#link.run('read', (client) =>
      client.cacheRead(
        this.#generation(namespace),
        this.#entry(namespace, id),
        this.#lock(namespace, id),
        this.#token(),
        staleMs,
      ),
    );
    if (answer === undefined) return undefined;
    const [payload, leftMs, lease] = answer;
    return {
      ...(payload !== null && { entry: { payload, leftMs } }),
      ...(lease !== null && { lease }),
    };
  }

  async fill(
    namespace: string,
    id: string,
    lease: string,
    payload: string,
    keepMs: number,
  ): Promise<FillOutcome> {
    const answer = await this.#link.run('fill', (client) =>
      client.cacheFill(
        this.#generation(namespace),
        this.#entry(namespace, id),
        this.#lock(namespace, id),
        lease,
        payload,
        Math.round(keepMs),
      ),
    );
    if (answer === undefined) return 'unavailable';
    return answer === 1 ? 'filled' : 'refused';
  }

  async renew(namespace: string, id: string, lease: string): Promise<boolean> {
    const answer = await this.#link.run('renew', (client) =>
      client.cacheRenew(this.#lock(namespace, id), lease),
    );
    // Not to know is not to have lost it: the next renewal may come through in time.
    return answer !== 0;
  }

  async release(namespace: string, id: string, lease: string): Promise<void> {
    await this.#link.run('release', (client) =>
      client.cacheRelease(this.#lock(namespace, id), lease),
    );
  }

  async discard(namespace: string, id: string): Promise<void> {
    await this.#link.run('discard', (client) => client.del(this.#entry(namespace, id)));
  }

  async invalidate(namespace: string, ids: readonly string[]): Promise<void> {
    await this.#tell('invalidate', { namespace, ids });
  }

  async clear(namespace: string): Promise<void> {
    await this.#tell('clear', { namespace, ids: undefined });
  }

  healthy(): boolean {
    return this.#link.trusted;
  }

  async close(): Promise<void> {
    await Promise.all([this.#link.close(), this.#channel.close()]);
  }

  async #tell(operation: string, what: PendingInvalidation): Promise<void> {
    for (const call of this.#calls(what)) {
      const told = await this.#link.run(operation, call.send);
      if (told !== undefined) continue;
      this.#pending.add(call.what);
      // Redis may hold what has been forgotten here: it is not believed until it knows.
      this.#link.cut(new Error('An invalidation did not reach Redis.'));
    }
  }

  /** Tells Redis what was forgotten while it was away, and takes its present process as root. */
  async #reconcile(client: ScriptedRedis, runId: string): Promise<void> {
    this.#root = `${this.#keyspace}:${runId.slice(0, 12)}`;
    for (let what = this.#pending.take(); what !== undefined; what = this.#pending.take()) {
      try {
        for (const call of this.#calls(what)) {
          await answered(call.send(client), this.#commandTimeoutMs);
        }
      } catch (error) {
        this.#pending.add(what);
        throw error;
      }
    }
  }

  /** Splits an invalidation into calls that one script can take. */
  *#calls({ namespace, ids }: PendingInvalidation): Generator<ForgetCall> {
    const call = (keys: readonly string[], some?: readonly string[]): ForgetCall => {
      const message: InvalidationMessage = {
        from: this.#self,
        namespace,
        ...(some && { ids: some }),
      };
      const text = JSON.stringify(message);
      return {
        what: { namespace, ids: some },
        send: (client) => client.cacheForget(keys.length, ...keys, this.#channelName, text),
      };
    };
    if (ids === undefined) yield call([this.#generation(namespace)]);
    for (let from = 0; from < (ids?.length ?? 0); from += keysPerCall) {
      const some = ids!.slice(from, from + keysPerCall);
      yield call(
        some.flatMap((id) => [this.#entry(namespace, id), this.#lock(namespace, id)]),
        some,
      );
    }
  }

  #generation(namespace: string): string {
    return `${this.#root}:${namespace}`;
  }

  #entry(namespace: string, id: string): string {
    return `${this.#root}:${namespace}:e:${id}`;
  }

  #lock(namespace: string, id: string): string {
    return `${this.#root}:${namespace}:l:${id}`;
  }

  /** Never the same twice; a random value a read would cost more than all the rest of it. */
  #token(): string {
    this.#tokens += 1;
    return this.#self + this.#tokens.toString(36).padStart(tokenLength - this.#self.length, '0');
  }
}
