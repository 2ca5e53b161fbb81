import type { History, ServiceHistory } from '../snapshot.ts';
import { HISTORY_STEP_SECONDS } from './source.ts';
import type { Reading } from './source.ts';

/** What readings, oldest first, say of the last minutes. */
export function historyOf(readings: readonly Reading[]): History {
  const names = new Set(readings.flatMap(({ services }) => services.map(({ name }) => name)));
  return {
    stepSeconds: HISTORY_STEP_SECONDS,
    times: readings.map(({ time }) => time),
    services: [...names].map((name) => serviceHistory(name, readings)),
  };
}

function serviceHistory(name: string, readings: readonly Reading[]): ServiceHistory {
  const signals = readings.map(
    ({ services }) => services.find((service) => service.name === name)?.signals,
  );
  return {
    name,
    rps: signals.map((one) => one?.rps ?? null),
    errorRatio: signals.map((one) => one?.errorRatio ?? null),
    p50: signals.map((one) => one?.p50 ?? null),
    p95: signals.map((one) => one?.p95 ?? null),
    p99: signals.map((one) => one?.p99 ?? null),
    inFlight: signals.map((one) => one?.inFlight ?? null),
    cpu: signals.map((one) => one?.saturation.cpu ?? null),
    eventLoop: signals.map((one) => one?.saturation.eventLoop ?? null),
    pool: signals.map((one) => one?.saturation.pool ?? null),
  };
}
