export { describeWithRabbit, describeWithRedis } from './describe-with.ts';
export type { RestartableServer } from './servers/server.ts';
export { startOwnRabbit, startOwnRedis } from './servers/start.ts';
export { type TestDatabase, createTestDatabase } from './test-database.ts';
export { type LogLine, type TestLogger, createTestLogger } from './test-logger.ts';
export { amqpUrl, redisUrl, uniqueName } from './urls.ts';
export { type TestVirtualHost, createTestVirtualHost } from './virtual-host.ts';
export { waitFor } from './wait-for.ts';
