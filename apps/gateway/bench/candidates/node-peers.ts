import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Candidate, CandidateContext, Launch } from './candidate.ts';

/** What a Node team would otherwise take, with nothing switched on. */
export const middleware: Candidate = {
  key: 'middleware',
  title: 'http-proxy-middleware on express, bare',
  launch: (context) => script('express-server.ts', context, ['http-proxy-middleware', 'express']),
};

export const fastify: Candidate = {
  key: 'fastify',
  title: '@fastify/http-proxy, bare',
  launch: (context) => script('fastify-server.ts', context, ['@fastify/http-proxy', 'fastify']),
};

async function script(
  file: string,
  { port, backendPort }: CandidateContext,
  packages: readonly string[],
): Promise<Launch> {
  const versions = await Promise.all(packages.map(nameAndVersion));
  return {
    command: [
      process.execPath,
      fileURLToPath(new URL(file, import.meta.url)),
      String(port),
      String(backendPort),
    ],
    note: versions.join(', '),
  };
}

async function nameAndVersion(name: string): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  let folder = dirname(resolve(name));
  for (;;) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
    const found = text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
    if (found['name'] === name) return `${name} ${found['version']}`;
    folder = dirname(folder);
  }
}
