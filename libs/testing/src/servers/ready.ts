import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** RabbitMQ on a busy machine. */
const patienceMs = 120_000;

/** What to say to a server, and how the answer of one that is ready begins. */
interface Greeting {
  readonly hello: string;
  readonly answer: RegExp;
  readonly port: number;
}

/** One that wants a password is ready too. */
export const redisGreeting: Greeting = {
  hello: 'PING\r\n',
  answer: /^(\+PONG|-NOAUTH)/,
  port: 6379,
};

/** The protocol header is answered by the frame `connection.start`. */
export const rabbitGreeting: Greeting = {
  hello: 'AMQP\0\0\u0009\u0001',
  answer: /^\u0001\0\0/,
  port: 5672,
};

export const redisReady = (url: string, signal?: AbortSignal) =>
  waitUntilAnswering('Redis', url, redisGreeting, signal);

export const rabbitReady = (url: string, signal?: AbortSignal) =>
  waitUntilAnswering('RabbitMQ', url, rabbitGreeting, signal);

/**
 * Whether the server at `url` is ready now. A bare connection would not tell: Docker's proxy takes
 * connections before the server inside does.
 */
export function isAnswering(url: string, { hello, answer, port }: Greeting): Promise<boolean> {
  const { hostname, port: given, protocol } = new URL(url);
  // What speaks TLS is somebody's real server: it runs, or the test's own client will say why not.
  if (/^(rediss|amqps):$/.test(protocol)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const socket = connect({ port: Number(given) || port, host: hostname }, () =>
      socket.write(hello, 'latin1'),
    );
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('data', (data) => finish(answer.test(data.toString('latin1'))));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}

async function waitUntilAnswering(
  name: string,
  url: string,
  greeting: Greeting,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isAnswering(url, greeting))) {
    signal?.throwIfAborted();
    if (Date.now() > deadline) {
      throw new Error(`${name} did not become ready within ${patienceMs} ms.`);
    }
    await sleep(100);
  }
}
