import { bodyInvalid, parametersInvalid, problem, readJson } from '@woodytoys/service';
import { AnswerSample } from '../contracts/answer-sample.ts';
import type { SampleCheck } from '../contracts/answer-sample.ts';
import { decoderOf, isTooLarge } from '../contracts/body-bytes.ts';
import { createCaller } from '../contracts/call.ts';
import type { CallOptions, Caller } from '../contracts/call.ts';
import type { CallValidator } from '../contracts/call-validator.ts';
import { createDriftReport } from '../contracts/drift.ts';
import type { Operation } from '../contracts/operations.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { headerValue } from '../exchange/header-list.ts';
import type { BuildContext, FilterDefinition } from '../plugin.ts';
import { badRequest, bodyTooLarge, routeNotFound } from '../problems.ts';
import { sizeBytes } from '../config/units.ts';

interface ValidateOptions extends CallOptions {
  readonly responses?: number;
}

/** Checks calls against the contract of the upstream, and a sample of its answers. */
export const validate: FilterDefinition<ValidateOptions> = {
  name: 'validate',
  options: {
    type: 'object',
    description:
      "Checks calls against the upstream's contract: 400 for parameters, 415 for a content type, 422 for a body.",
    properties: {
      operation: {
        type: 'string',
        description: 'The operationId; found by method and target path unless given.',
      },
      upstream: {
        type: 'string',
        description: "Whose contract; the endpoint's upstream unless given.",
      },
      responses: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        description:
          'The share of answers that is checked too, once they are sent, such as 0.01. What is not as the contract has it is counted and logged; the answer stays as it is.',
        default: 0,
      },
    },
    additionalProperties: false,
  },
  incoming(options, context) {
    const caller = createCaller(options, context.route, (name) => context.contract(name));
    const { contract } = caller;
    // What cannot be checked is told when the route is built.
    for (const operation of caller.operations) contract.validatorOf(operation);
    const maxBytes = sizeBytes(context.route.maxBody);
    const passed = context.decision('validate', 'passed');
    const refused = context.decision('validate', 'refused');
    const sample = createSampling(options.responses ?? 0, caller, context);

    return (exchange) => {
      const call = caller.callOf(exchange);
      if (call === undefined) {
        refused();
        throw routeNotFound(exchange.path);
      }
      const validator = contract.validatorOf(call.operation);
      const errors = validator.parameters(call.parameters, exchange.query, exchange.headers);
      if (errors.length > 0) {
        refused();
        throw parametersInvalid(errors);
      }
      sample?.(exchange, call.operation);
      if (validator.body === 'none' || (validator.body === 'optional' && !exchange.hasBody)) {
        passed();
        return undefined;
      }
      return checkBody(exchange, validator, maxBytes).then(
        () => {
          passed();
          return undefined;
        },
        (error: unknown) => {
          refused();
          throw error;
        },
      );
    };
  },
};

/** @throws ProblemError 400, 413, 415 or 422 (rejections). */
async function checkBody(
  exchange: Exchange,
  validator: CallValidator,
  maxBytes: number,
): Promise<void> {
  const check = validator.bodyOf(headerValue(exchange.headers, 'content-type'));
  // A body of which only the type counts goes on as it comes.
  if (check === undefined) return;
  const decode = decoderOf(headerValue(exchange.headers, 'content-encoding'));
  if (decode === undefined) {
    throw problem(
      'WT-MEDIA-TYPE-UNSUPPORTED',
      'The body has an unknown content encoding; send it plain, or as gzip, deflate or br.',
    );
  }
  const bytes = await exchange.readBody(maxBytes);
  const plain =
    decode === null || bytes.length === 0
      ? bytes
      : await decode(bytes, { maxOutputLength: maxBytes }).catch((error: unknown) => {
          if (isTooLarge(error)) throw bodyTooLarge(maxBytes);
          throw badRequest('The body is not of the content encoding that it says.', error);
        });
  const errors = check(readJson(plain));
  if (errors.length > 0) throw bodyInvalid(errors);
}

/** What takes a sample of the answers of a route; undefined when none is wanted. */
function createSampling(
  share: number,
  { upstream, contract }: Caller,
  { shared, metrics, log }: BuildContext,
): ((exchange: Exchange, operation: Operation) => void) | undefined {
  if (share === 0) return undefined;
  const report = shared(`contract drift ${upstream}`, () =>
    createDriftReport(upstream, metrics, log),
  );
  return (exchange, operation) => {
    if (Math.random() >= share) return;
    const check: SampleCheck = {
      check: (answer) => contract.answerValidatorOf(operation)(answer),
      tell: (drift, requestId) => report.tell(operation.id, drift, requestId),
      log,
    };
    exchange.tap = new AnswerSample(exchange, check);
  };
}
