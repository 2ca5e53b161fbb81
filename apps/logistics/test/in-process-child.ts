// One process with everything in it, as under `npm start`, for a test that kills it.
// Arguments: the URL of its database. Prints its port once it serves.
import { createMemoryWorld, startReplica } from '@woodytoys/app-testing';
import { createLogisticsApp } from '../src/app.ts';
import { createLogisticsWorker } from '../src/worker-app.ts';

const [databaseUrl] = process.argv.slice(2);
if (databaseUrl === undefined) throw new Error('Give the URL of the database as the argument.');

const { port } = await startReplica({
  name: 'logistics',
  world: createMemoryWorld(),
  databaseUrl,
  check: () => undefined,
  create: (dependencies) => {
    const app = createLogisticsApp(dependencies);
    const worker = createLogisticsWorker(dependencies);
    return {
      ...app,
      start: async () => {
        await worker.start();
        await app.start();
      },
    };
  },
});
process.stdout.write(`${port}\n`);
