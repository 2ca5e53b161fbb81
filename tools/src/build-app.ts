/**
 * Bundles one app for its image: `node tools/src/build-app.ts apps/user`.
 *
 * Every process of the app (`src/main.ts`, `src/worker.ts`, `src/transform-worker.ts`) becomes one file in `dist/`, so that
 * paths relative to `src/` stay right and the image needs no `node_modules`.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const processes = ['main.ts', 'worker.ts', 'transform-worker.ts'];

/** Packages bundled from CommonJS still call `require`. */
const banner = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);`;

async function buildApp(folder: string): Promise<void> {
  const entryPoints = processes.map((file) => join(folder, 'src', file)).filter(existsSync);
  if (entryPoints.length === 0) {
    throw new Error(
      `${folder} has no src/main.ts; expected the folder of an app, such as apps/user`,
    );
  }
  const outdir = join(folder, 'dist');
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    banner: { js: banner },
    // Optional native parts that pg and friends probe for.
    external: ['pg-native', 'bufferutil', 'utf-8-validate'],
    logLevel: 'warning',
  });
}

const folder = process.argv[2];
if (!folder) {
  console.error('build-app: which app? expected its folder, such as apps/user');
  process.exit(2);
}
await buildApp(resolve(folder));
