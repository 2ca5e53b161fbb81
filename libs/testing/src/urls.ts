import { randomBytes } from 'node:crypto';
import { given } from './environment.ts';

/** The shared test Redis. Never flush it: use keys under a prefix of your own (`uniqueName`). */
export const redisUrl = (): string => given('redisUrl');

/** The shared test RabbitMQ. Work in a virtual host of your own (`createTestVirtualHost`). */
export const amqpUrl = (): string => given('amqpUrl');

/** `prefix-` and 16 random hexadecimal digits. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomBytes(8).toString('hex')}`;
