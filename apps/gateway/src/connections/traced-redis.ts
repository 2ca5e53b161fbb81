import { inSpan } from '@woodytoys/tracing';
import type { Attributes, Tracing } from '@woodytoys/tracing';
import type { SharedRedis } from '../plugin.ts';

/** The same Redis, whose commands are spans of the requests that they are for; no span has a key. */
export function traceRedis<Redis extends SharedRedis>(redis: Redis, tracing: Tracing): Redis {
  const { hostname, port } = new URL(redis.url);
  const common: Attributes = {
    'db.system.name': 'redis',
    'server.address': hostname,
    'server.port': Number(port || 6379),
  };
  return {
    ...redis,
    tracing,
    call(command, ...args) {
      const parent = tracing.current();
      if (!parent?.recording) return redis.call(command, ...args);
      const span = parent.child(command, 'client', { ...common, 'db.operation.name': command });
      return inSpan(tracing, span, () => redis.call(command, ...args));
    },
  };
}
