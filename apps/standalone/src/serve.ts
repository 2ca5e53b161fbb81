/** The platform without its database: the child that `npm run dev` replaces at each edit. */
import { join } from 'node:path';
import { describeFailure } from './failure.ts';
import { openLogs } from './logs.ts';
import { startPlatform } from './platform.ts';
import { listenForStop } from './stop-request.ts';
import { createTerminal } from './terminal.ts';
import type { ServeSettings } from './watched-platform.ts';

const stop = listenForStop();
const terminal = createTerminal(process.stdout, process.stderr);

async function serve(): Promise<number> {
  const settings = JSON.parse(process.env['WOODYTOYS_SERVE'] ?? '') as ServeSettings;
  const resources = new AsyncDisposableStack();
  try {
    const logs = openLogs(join(settings.directory, 'logs'), settings, terminal);
    resources.defer(() => logs.close());
    const createLog = (service: string) => logs.for(service);
    const platform = await Promise.race([
      startPlatform({ ...settings, environment: process.env, createLog, resources }),
      stop.asked,
    ]);
    if (platform) process.send?.(platform);
    await stop.asked;
    return 0;
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    return 1;
  } finally {
    terminal.quiet();
    await Promise.race([resources.disposeAsync(), stop.urged]);
  }
}

process.exit(await serve());
