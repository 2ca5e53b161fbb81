import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StandaloneError } from './failure.ts';

export const manifestName = 'woodytoys-backup.json';

/** What a backup says of itself; the first file in it. */
const manifestSchema = z.object({
  what: z.literal('A backup of "npm start" (Woodytoys platform)'),
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Of PostgreSQL: its files fit no other. */
  majorVersion: z.string(),
  platform: z.string(),
  arch: z.string(),
  /** Every database with its size in bytes when the backup was made. */
  databases: z.record(z.string(), z.number()),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest of a backup made here and now of the cluster in `postgresFolder`. */
export async function describeBackup(
  postgresFolder: string,
  databases: Manifest['databases'],
): Promise<Manifest> {
  const version = await readFile(join(postgresFolder, 'cluster', 'PG_VERSION'), 'utf8');
  return {
    what: 'A backup of "npm start" (Woodytoys platform)',
    format: 1,
    createdAt: new Date().toISOString(),
    majorVersion: version.trim(),
    platform: process.platform,
    arch: process.arch,
    databases,
  };
}

/**
 * Reads the manifest of `file`.
 *
 * @throws StandaloneError when this is no backup, or not one for this machine.
 */
export function parseManifest(file: string, json: string): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(json));
  if (!parsed.success) {
    throw new StandaloneError(
      `${file} is no backup made by npm run data:backup (its ${manifestName} cannot be read). ` +
        'Nothing has been changed.',
    );
  }
  const { platform, arch } = parsed.data;
  if (platform !== process.platform || arch !== process.arch) {
    throw new StandaloneError(
      `${file} was made on ${platform}-${arch}, and the files of PostgreSQL fit no other system ` +
        `(this is ${process.platform}-${process.arch}). Nothing has been changed.`,
    );
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
