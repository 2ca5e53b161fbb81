export { createClient } from './client.ts';
export type { Answer, CallOptions, Client } from './client.ts';
export { createContractCheck } from './contract-check.ts';
export type { ContractCheck, Exchange } from './contract-check.ts';
export { startReplica } from './replica.ts';
export type { Replica, ReplicaOptions } from './replica.ts';
export { createMemoryWorld, createServerWorld } from './world.ts';
export type { World } from './world.ts';
