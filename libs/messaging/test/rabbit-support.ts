import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@woodytoys/testing';
import { type Channel, connect } from 'amqplib';

/** Does something on a plain channel of its own, as another program would. */
export async function onRawChannel<T>(url: string, work: (channel: Channel) => Promise<T>) {
  const connection = await connect(url);
  connection.on('error', () => {});
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    return await work(channel);
  } finally {
    await connection.close().catch(() => {});
  }
}

export interface ConsumerProcess {
  readonly process: ChildProcess;
  readonly ids: readonly string[];
  kill(): Promise<void>;
  /** Closes messaging in it and waits for it to end by itself; its exit code. */
  close(): Promise<number | null>;
}

/** Starts `fixtures/consumer-process.ts` and waits until it consumes. */
export async function startConsumerProcess(...args: string[]): Promise<ConsumerProcess> {
  const program = fileURLToPath(new URL('fixtures/consumer-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const lines = () => output.split('\n');
  await waitFor(() => lines().includes('ready') || child.exitCode !== null, 60_000);
  return {
    process: child,
    get ids() {
      return lines().flatMap((line) => (line.startsWith('got ') ? [line.slice(4)] : []));
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async close() {
      child.stdin.write('close\n');
      const [code] = await ended;
      return code;
    },
  };
}
