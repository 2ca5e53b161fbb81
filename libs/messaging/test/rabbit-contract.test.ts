import {
  type TestVirtualHost,
  createTestVirtualHost,
  describeWithRabbit,
} from '@woodytoys/testing';
import { afterAll, beforeAll } from 'vitest';
import { connectRabbit } from '../src/index.ts';
import { messagingContract } from './messaging-contract.ts';

describeWithRabbit('the contract, over RabbitMQ', () => {
  let host: TestVirtualHost;

  beforeAll(async () => {
    host = await createTestVirtualHost();
  });

  afterAll(() => host.drop());

  messagingContract((options) => connectRabbit({ url: host.url, service: 'contract', ...options }));
});
