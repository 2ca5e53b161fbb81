import type { Candidate } from './candidate.ts';
import { bare, full, fullRedis, fullRedisEach, fullUnobserved } from './gateway.ts';
import { installed } from './installed.ts';
import { fastify, middleware } from './node-peers.ts';

export type { Candidate, CandidateContext, Launch } from './candidate.ts';

/** All that may be measured, in the order of the report. */
export const CANDIDATES: readonly Candidate[] = [
  bare,
  full,
  fullUnobserved,
  fullRedis,
  fullRedisEach,
  middleware,
  fastify,
  ...installed,
];
