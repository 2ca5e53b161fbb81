/**
 * What tracing costs the gateway, in processor time a request: `node libs/tracing/bench/main.ts`.
 *
 * The rounds take turns, so that what changes over time changes for all.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startGateway } from './gateway.ts';
import { load } from './load.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20000' },
    connections: { type: 'string', default: '32' },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const connections = Number(values.connections);
/** Longer than a span waits for its batch. */
const SETTLE_MS = 1_500;

const child = fork(fileURLToPath(new URL('./backend.ts', import.meta.url)));
const [port] = (await once(child, 'message')) as [number];
const backend = `http://127.0.0.1:${port}`;
const ratio = (share: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: backend,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: share,
});
const variants = [
  { name: 'off', environment: {} },
  { name: '1 %', environment: ratio('0.01') },
  { name: '10 %', environment: ratio('0.1') },
  { name: '100 %', environment: ratio('1') },
];

const gateways = [];
for (const { name, environment } of variants) {
  const gateway = await startGateway(backend, environment);
  gateways.push({ name, gateway, micros: [] as number[] });
}
for (let round = 0; round <= rounds; round += 1) {
  for (const { gateway, micros } of gateways) {
    const before = await gateway.cpuSeconds();
    await load(`${gateway.url}/items/1`, requests, connections);
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    const seconds = (await gateway.cpuSeconds()) - before;
    // The first round is what compiles the code.
    if (round > 0) micros.push((seconds / requests) * 1e6);
  }
}
for (const { gateway } of gateways) await gateway.close();
child.kill();

/** The least of the rounds: whatever else runs on the machine makes a request dearer, never cheaper. */
const least = (of: readonly number[]) => Math.min(...of);
const off = least(gateways[0]?.micros ?? []);
process.stdout.write(
  '| traces kept | µs of processor a request | beside off | all rounds |\n|---|---|---|---|\n',
);
for (const { name, micros } of gateways) {
  const here = least(micros);
  const all = micros.map((one) => one.toFixed(1)).join(' ');
  process.stdout.write(`| ${name} | ${here.toFixed(1)} | ${(here / off).toFixed(2)} | ${all} |\n`);
}
