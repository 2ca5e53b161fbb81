import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ERRORS, ProblemError, problem, problemDocument, toProblem } from '../src/index.ts';
import type { ErrorCode } from '../src/index.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('the error catalogue', () => {
  it.each(codes)('%s has a status of its own kind and a title', (code) => {
    const { status, title } = ERRORS[code];
    expect(code).toMatch(/^WT-[A-Z]+(-[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
  });

  it('has another title for each code', () => {
    const titles = codes.map((code) => ERRORS[code].title);
    expect(new Set(titles).size).toBe(codes.length);
  });

  it('has every status that the platform answers', () => {
    const statuses = new Set<number>(codes.map((code) => ERRORS[code].status));
    for (const status of [400, 404, 405, 408, 413, 415, 422, 429, 431, 500, 502, 503, 504]) {
      expect(statuses).toContain(status);
    }
  });

  it('calls only passing states retryable', () => {
    for (const code of codes) {
      const { status, retryable } = ERRORS[code];
      const passes = [408, 429, 502, 503, 504].includes(status);
      // Of the conflicts, only that with a request under way passes by itself.
      expect([code, retryable]).toEqual([code, passes || code === 'WT-IDEMPOTENCY-IN-FLIGHT']);
    }
  });
});

describe('a problem document', () => {
  it('has the members of RFC 9457 and ours', () => {
    const errors = [{ pointer: '/path/id', detail: 'must be >= 1' }];
    const error = problem('WT-PARAMETER-INVALID', 'Correct it.', { errors });
    expect(problemDocument(error, { instance: '/users/0', requestId: 'r1' })).toEqual({
      type: 'urn:woodytoys:problem:WT-PARAMETER-INVALID',
      title: 'A parameter is not valid',
      status: 400,
      detail: 'Correct it.',
      instance: '/users/0',
      requestId: 'r1',
      errors,
    });
  });

  it('leaves errors out where there are none', () => {
    const document = problemDocument(problem('WT-INTERNAL'), { instance: '/', requestId: 'r1' });
    expect(document).not.toHaveProperty('errors');
  });
});

describe('any thrown value as a problem', () => {
  it('leaves a problem as it is', () => {
    const error = problem('WT-CONFLICT');
    expect(toProblem(error)).toBe(error);
  });

  it.each([
    ['a refused connection', 'ECONNREFUSED'],
    ['a full server', '53300'],
    ['a stopping server', '57P01'],
    ['a statement that took too long', '57014'],
  ])('is 503 with Retry-After for %s', (_name, code) => {
    const cause = Object.assign(new Error('inner text'), { code });
    const error = toProblem(cause);
    expect(error).toMatchObject({ code: 'WT-UNAVAILABLE', status: 503, retryable: true, cause });
    expect(error.headers).toEqual({ 'retry-after': '1' });
    expect(error.detail).not.toContain('inner text');
  });

  it('is 503 for what says of itself that it may be retried', () => {
    const cause = Object.assign(new Error('no connection came free'), { retryable: true });
    expect(toProblem(cause).status).toBe(503);
  });

  it('is 503 for a real refused connection', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    const refused = await fetch(`http://127.0.0.1:${port}`).catch((error: Error) => error.cause);
    expect(toProblem(refused).status).toBe(503);
  });

  it.each([
    ['a unique violation', Object.assign(new Error('inner text'), { code: '23505' })],
    ['an error without a code', new TypeError('inner text')],
    ['a text', 'inner text'],
    ['nothing', undefined],
    ['null', null],
  ])('is 500 without the inner text for %s', (_name, thrown) => {
    const error = toProblem(thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.code).toBe('WT-INTERNAL');
    expect(error.detail).not.toContain('inner text');
  });
});
