/** What a client may write into the log: lines of JSON, one each, whatever it sends. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startBackend } from './support/backend.ts';
import { oneUpstream, sendRaw, startGateway } from './support/gateway.ts';

/** Bytes that a header's value may have, those that JSON escapes among them. */
const value = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0x20, max: 0xff }).filter((byte) => byte !== 0x7f),
      fc.constantFrom(0x22, 0x5c, 0x2c, 0x7b, 0x7d, 0x09),
    ),
    { maxLength: 40 },
  )
  .map((bytes) => String.fromCharCode(...bytes));
/** Those of a target that the parser lets through; the gateway then refuses some of them. */
const target = value.map((text) => text.replaceAll(/[^!-~]|[#?]/g, ''));

type Sent = Readonly<
  Record<'method' | 'path' | 'query' | 'forwarded' | 'host' | 'requestId' | 'trace', string>
>;

describe('the access log', () => {
  it('has one whole line for each request, whatever is in it', { timeout: 120_000 }, async () => {
    const backend = await startBackend();
    const gateway = await startGateway(oneUpstream(backend.url), { trustedProxies: 1 });
    const hostile: fc.Arbitrary<Sent> = fc.record({
      path: target,
      query: target,
      forwarded: value,
      requestId: value,
      trace: value,
      host: value,
      method: fc.constantFrom('GET', 'POST', 'M-SEARCH', 'TRACE'),
    });
    const send = async (sent: Sent) => {
      const bytes =
        `${sent.method} /api/${sent.path}?${sent.query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
        `X-Forwarded-For: ${sent.forwarded}\r\nX-Forwarded-Host: ${sent.host}\r\n` +
        `X-Request-Id: ${sent.requestId}\r\nTraceparent: ${sent.trace}\r\n\r\n`;
      const answer = await sendRaw(gateway.port, Buffer.from(bytes, 'latin1'));
      return {
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]),
        requestId: /x-request-id: (\S+)/i.exec(answer)?.[1],
      };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 20, maxLength: 20 }), async (all) => {
        const before = gateway.log.lines.length;
        const answers = await Promise.all(all.map(send));
        // A line that is not JSON throws where the logger of the test reads it.
        const written = () =>
          gateway.log.lines.slice(before).filter(({ msg }) => msg === 'request');
        await expect.poll(() => written().length, { timeout: 20_000 }).toBe(all.length);
        for (const [index, { method, path }] of all.entries()) {
          const expected = { method, path: `/api/${path}`, ...answers[index] };
          expect(written()).toContainEqual(expect.objectContaining(expected));
        }
        for (const line of written()) {
          expect(line['requestId']).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
          expect(line['traceId']).toMatch(/^[0-9a-f]{32}$/);
          expect(line['client']).toMatch(/^[0-9A-Fa-f.:]+$/);
        }
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });
});
