import { Readable } from 'node:stream';
import { ProblemError } from '@woodytoys/service';
import { sizeBytes } from '../../config/units.ts';
import { wholeAnswer } from '../../exchange/answer.ts';
import type { Answer, WholeAnswer } from '../../exchange/answer.ts';
import { describeNewBody } from '../../exchange/body-headers.ts';
import { decodeBody } from '../../exchange/decode-body.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { replaceHeader } from '../../exchange/header-list.ts';
import { isEncoded, isJson, mediaTypeOf } from '../../exchange/media-type.ts';
import type { BuildContext } from '../../plugin.ts';
import { answerUnusable } from '../../problems.ts';
import { answerWriter, WITHOUT_BODY } from '../../template/answer-writer.ts';
import type { AnswerTemplates, AnswerWriter } from '../../template/answer-writer.ts';
import { valueBuilder } from '../../template/builder.ts';
import type { HeaderTemplate } from '../../template/headers.ts';
import type { TextWriter } from '../../template/places.ts';
import type { Scope, Source } from '../../template/placeholder.ts';
import { sourceAmong } from '../../template/request-scope.ts';
import { AnswerValues } from './answer-values.ts';
import { define } from './definitions.ts';
import type { RespondOptions } from './options.ts';

/** One way to answer, ready to be filled. */
interface Shape extends AnswerWriter {
  readonly status: number | undefined;
  /** Whether its templates ask for what the service said. */
  readonly readsAnswer: boolean;
  /** The headers that can be told without it. */
  readonly withoutAnswer: readonly HeaderTemplate[];
}

export interface Responder {
  /** The answer to the client; `body` is the request's, if a template asks for it. */
  respond(exchange: Exchange, answer: Answer, body: unknown): Promise<Answer>;
  /** The first of these sources that a template asks. */
  asks(sources: readonly Source[]): Source | undefined;
}

/**
 * Makes what answers a route by templates.
 * @throws TypeError when one of them is none.
 */
export function createResponder(
  options: RespondOptions,
  scope: Scope,
  { decision }: BuildContext,
): Responder {
  const { when = {}, maxAnswer = '1MB', lists = {}, values = {}, ...success } = options;
  const defined = define({ lists, values }, scope);
  const maxBytes = sizeBytes(maxAnswer);
  const readsAnswer = (templates: unknown) =>
    sourceAmong(['answer', 'lists', 'values'], templates, defined.scope) !== undefined;
  const shapeOf = (templates: AnswerTemplates): Shape => {
    const writer = answerWriter(templates, defined.scope, builtJson);
    const { status, headers = {}, text, json } = templates;
    const told = Object.keys(headers).filter((name) => readsAnswer(headers[name]));
    const reading = new Set(told.map((name) => name.toLowerCase()));
    return {
      ...writer,
      status,
      readsAnswer: reading.size > 0 || readsAnswer([text, json]),
      withoutAnswer: writer.headers.filter(({ name }) => !reading.has(name)),
    };
  };
  const others = new Map(
    Object.entries(when).map(([status, templates]) => [status, shapeOf(templates)]),
  );
  const usual = shapeOf(success);
  const count = {
    made: decision('respond', 'made'),
    unchanged: decision('respond', 'unchanged'),
    unusable: decision('respond', 'unusable'),
  };

  function choose(status: number): Shape | undefined {
    const named = others.get(String(status)) ?? others.get(`${Math.floor(status / 100)}xx`);
    return named ?? (status < 400 ? usual : undefined);
  }

  async function make(
    exchange: Exchange,
    answer: Answer,
    shape: Shape,
    body: unknown,
  ): Promise<Answer> {
    const status = shape.status ?? answer.status;
    const isHead = exchange.method === 'HEAD';
    // A part of the whole cannot be worked on, and must not pass as it is.
    if (answer.status === 206 && !isHead) throw new Error('the service answered a part');
    if (isHead || WITHOUT_BODY.has(status)) {
      await wholeAnswer(answer, maxBytes);
      const values = valuesOf(exchange, answer, undefined, body);
      const headers = written(answer, shape, shape.withoutAnswer, values);
      if (!isHead) describeNewBody(headers, undefined);
      return { status, headers, body: null };
    }
    if (shape.body === undefined && !shape.readsAnswer) {
      const headers = written(answer, shape, shape.headers, valuesOf(exchange, answer, null, body));
      return { status, headers, body: answer.body };
    }
    const whole = await wholeAnswer(answer, maxBytes);
    const said = shape.readsAnswer ? await contentOf(whole, maxBytes) : undefined;
    const values = valuesOf(exchange, answer, said, body);
    const made = shape.body === undefined ? whole.body : (shape.body(values) ?? null);
    if (made !== null && Buffer.byteLength(made) > maxBytes) {
      throw new Error(`the answer that was made has more than ${maxBytes} bytes`);
    }
    return { status, headers: written(answer, shape, shape.headers, values), body: made };
  }

  function valuesOf(exchange: Exchange, { status, headers }: Answer, said: unknown, body: unknown) {
    return new AnswerValues({ exchange, status, headers, answer: said, body }, defined);
  }

  return {
    asks(sources) {
      const shapes = [success, ...Object.values(when)];
      const templates = shapes.map(({ headers, text, json }) => [headers, text, json]);
      const of = [...Object.values(lists), ...Object.values(values)];
      const parts = of.map((one) => ({ ...one, join: undefined }));
      const inner: Scope = { ...defined.scope, sources: [...defined.scope.sources, 'item'] };
      return sourceAmong(sources, [templates, parts], inner);
    },

    async respond(exchange, answer, body) {
      const shape = answer.status === 304 ? undefined : choose(answer.status);
      if (shape === undefined) {
        count.unchanged();
        return answer;
      }
      try {
        const made = await make(exchange, answer, shape, body);
        count.made();
        return made;
      } catch (error) {
        count.unusable();
        // Unread, it would hold its connection.
        if (answer.body instanceof Readable) answer.body.destroy();
        throw error instanceof ProblemError ? error : answerUnusable(error);
      }
    },
  };
}

/** The headers of an answer with those of its shape. */
function written(
  { headers }: Answer,
  { body }: Shape,
  templates: readonly HeaderTemplate[],
  values: AnswerValues,
): string[] {
  const all = [...headers];
  if (body !== undefined) describeNewBody(all, undefined);
  for (const { name, write } of templates) {
    const value = write(values);
    if (value !== undefined) replaceHeader(all, name, value);
  }
  return all;
}

/** @throws Error for what is neither JSON nor text, and DecodeError, DecodedTooLarge (rejections). */
async function contentOf({ headers, body }: WholeAnswer, maxBytes: number): Promise<unknown> {
  if (body.length === 0) return undefined;
  const type = mediaTypeOf(headers);
  const unpacked = isEncoded(headers) ? await decodeBody(body, headers, maxBytes) : body;
  if (isJson(type)) return JSON.parse(unpacked.toString());
  if (type?.startsWith('text/')) return unpacked.toString();
  throw new Error(`the service answered ${type ?? 'no content-type'}, not JSON or text`);
}

function builtJson(json: unknown, scope: Scope): TextWriter {
  const build = valueBuilder(json, scope);
  return (values) => JSON.stringify(build(values));
}
