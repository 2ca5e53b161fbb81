export {
  itRefusesBodies,
  itRefusesIds,
  itRefusesLongHeaders,
  itRefusesPages,
  itRefusesUnreadableBodies,
} from './bad-input.ts';
export type { BadBody, Operation } from './bad-input.ts';
export { describeInBothWorlds } from './both-worlds.ts';
export { createClient } from './client.ts';
export type { Answer, CallOptions, Client } from './client.ts';
export { createContractCheck } from './contract-check.ts';
export type { ContractCheck, Exchange } from './contract-check.ts';
export { describeProcesses } from './describe-processes.ts';
export type { ProcessTests } from './describe-processes.ts';
export { startMain } from './process.ts';
export type { ProcessLine, StartedProcess } from './process.ts';
export { refused } from './refusal.ts';
export type { Refusal } from './refusal.ts';
export { startReplica } from './replica.ts';
export type { Replica, ReplicaOptions } from './replica.ts';
export { startTestService } from './test-service.ts';
export type { TestService, TestServiceOptions } from './test-service.ts';
export { createMemoryWorld, createServerWorld } from './world.ts';
export type { World } from './world.ts';
