/** The alerts of the stack's own Prometheus. */
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from './prometheus.ts';

export interface Alert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The alerts that fire now; those that only wait for their `for` are not among them. */
export async function firing(prometheus: string): Promise<readonly Alert[]> {
  const samples = await query(prometheus, 'ALERTS{alertstate="firing"}');
  return samples.map(({ labels }) => ({ name: labels['alertname'] ?? '', labels }));
}

/**
 * Waits until an alert with these labels fires, or no longer does.
 *
 * @throws Error with the alerts that fire instead.
 */
export async function waitForAlert(
  prometheus: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  { fires = true, timeoutMs = 180_000 } = {},
): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(1_000)) {
    const alerts = await firing(prometheus);
    const found = alerts.some(
      (alert) =>
        alert.name === name &&
        Object.entries(labels).every(([label, value]) => alert.labels[label] === value),
    );
    if (found === fires) return;
    if (Date.now() > deadline) {
      const seen = alerts.map((alert) => `${alert.name} ${JSON.stringify(alert.labels)}`);
      throw new Error(
        `${name} ${JSON.stringify(labels)} was expected to ${fires ? 'fire' : 'end'} within ` +
          `${timeoutMs / 1000} s; what fires: ${seen.join(', ') || 'nothing'}.`,
      );
    }
  }
}
