import { inSpan } from '@woodytoys/tracing';
import type { Attributes, Tracing } from '@woodytoys/tracing';
import type { SecondLevel } from './second-level.ts';

/** The same second level in Redis, whose commands are spans of whoever asks. Keys are in none. */
export function traceLevel(level: SecondLevel, tracing: Tracing, url: string): SecondLevel {
  const { hostname, port } = new URL(url);
  const common: Attributes = {
    'db.system.name': 'redis',
    'server.address': hostname,
    'server.port': Number(port || 6379),
  };

  function traced<T>(script: string, namespace: string, run: () => Promise<T>): Promise<T> {
    const parent = tracing.current();
    if (!parent?.recording) return run();
    const summary = `${script} ${namespace}`;
    const span = parent.child(summary, 'client', {
      ...common,
      'db.operation.name': 'EVALSHA',
      'db.stored_procedure.name': script,
      'db.query.summary': summary,
      'woodytoys.cache': namespace,
    });
    return inSpan(tracing, span, run);
  }

  return {
    read: (namespace, ...rest) =>
      traced('cacheRead', namespace, () => level.read(namespace, ...rest)),
    fill: (namespace, ...rest) =>
      traced('cacheFill', namespace, () => level.fill(namespace, ...rest)),
    // A lease is renewed behind everybody's back, for as long as a load takes.
    renew: (namespace, id, lease) => level.renew(namespace, id, lease),
    release: (namespace, ...rest) =>
      traced('cacheRelease', namespace, () => level.release(namespace, ...rest)),
    discard: (namespace, id) => level.discard(namespace, id),
    invalidate: (namespace, ids) =>
      traced('cacheForget', namespace, () => level.invalidate(namespace, ids)),
    clear: (namespace) => traced('cacheForget', namespace, () => level.clear(namespace)),
    healthy: () => level.healthy(),
    close: () => level.close(),
  };
}
