import { Agent, get } from 'node:http';

/** Asks `requests` times over `connections` connections, each for one answer after the other. */
export async function load(url: string, requests: number, connections: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = requests;
  async function run(): Promise<void> {
    while (left > 0) {
      left -= 1;
      await ask(url, agent);
    }
  }
  await Promise.all(Array.from({ length: connections }, run));
  agent.destroy();
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((done, fail) => {
    get(url, { agent }, (answer) => {
      if (answer.statusCode !== 200) fail(new Error(`${url} answered ${answer.statusCode}`));
      answer.resume().once('end', done);
    }).once('error', fail);
  });
}
