import { execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@woodytoys/testing/ports';
import { dockerMissing, waitFor } from '@woodytoys/testing';
import { onTestFinished } from 'vitest';

const run = promisify(execFile);
/** As in docker-compose.yml. */
const IMAGE = 'prom/prometheus:v3.5.0';

/** Why no Prometheus can run here, or undefined when one can. */
export async function prometheusMissing(): Promise<string | undefined> {
  if (await onThePath()) return undefined;
  const docker = await dockerMissing();
  if (docker !== undefined) return `no prometheus on the PATH, and ${docker}`;
  const known = await run('docker', ['image', 'inspect', IMAGE]).catch(() => undefined);
  const pulled = known ?? (await run('docker', ['pull', '--quiet', IMAGE]).catch(() => undefined));
  return pulled === undefined ? `no prometheus on the PATH, and no image ${IMAGE}` : undefined;
}

async function onThePath(): Promise<boolean> {
  return run('prometheus', ['--version']).then(
    () => true,
    () => false,
  );
}

/** A Prometheus that scrapes `target` (`host:port`) as the job `job` each second; resolves with its origin. */
export async function startPrometheus(
  job: string,
  target: string,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'console-prometheus-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  // In its container Prometheus is another user.
  await chmod(folder, 0o777);
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: ${job}
    static_configs: [{ targets: ['${target}'] }]
    metric_relabel_configs:
      # In the stack each service is a job; here all of them are in one process.
      - { source_labels: [service], regex: (.+), target_label: job }
`,
  );
  const port = await freePort();
  const options = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const stop = (await onThePath()) ? startLocal(options) : await startInDocker(folder, options);
  onTestFinished(stop);
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, 60_000);
  return { url, stop };
}

function startLocal(options: readonly string[]): () => Promise<void> {
  const child = spawn('prometheus', options, { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('exit', done));
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

async function startInDocker(
  folder: string,
  options: readonly string[],
): Promise<() => Promise<void>> {
  const name = `woodytoys-test-prometheus-${process.pid}-${Date.now().toString(36)}`;
  const about = [
    '--detach',
    '--name',
    name,
    '--network',
    'host',
    '--volume',
    `${folder}:${folder}`,
  ];
  await run('docker', ['run', ...about, IMAGE, ...options]);
  return async () => {
    await run('docker', ['rm', '--force', '--volumes', name]);
  };
}
