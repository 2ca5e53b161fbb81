import jsonata from 'jsonata';
import { READY } from './filters/transform/task.ts';
import type { FailureKind, TransformResult, TransformTask } from './filters/transform/task.ts';

/**
 * The process in which expressions run, one task after another. An expression may loop, match a
 * pattern for ever or fill the memory: then this process is killed, and the gateway goes on.
 */

/** What jsonata says when its own time limit is over. */
const TIMED_OUT = 'D1012';

const compiled = new Map<string, jsonata.Expression>();

async function run(task: TransformTask): Promise<TransformResult> {
  const text = Buffer.from(task.input).toString();
  let input: unknown = text;
  if (task.inputIs === 'json') {
    try {
      input = JSON.parse(text);
    } catch (error) {
      return failed('input', error);
    }
  }
  try {
    const value: unknown = await expressionOf(task).evaluate(input, { ...task.bindings });
    return written(value, task);
  } catch (error) {
    return failed((error as { code?: string }).code === TIMED_OUT ? 'time' : 'expression', error);
  }
}

/** A limit belongs to an expression: routes with another compile their own. */
function expressionOf({ expression, timeoutMs }: TransformTask): jsonata.Expression {
  const key = `${timeoutMs} ${expression}`;
  let known = compiled.get(key);
  if (known === undefined) {
    known = jsonata(expression, { timeout: timeoutMs });
    compiled.set(key, known);
  }
  return known;
}

function written(value: unknown, { output, maxBytes }: TransformTask): TransformResult {
  if (output === 'text' && typeof value !== 'string') {
    return failed('expression', `the expression gave ${typeof value}, expected text`);
  }
  // An expression that finds nothing gives undefined, and a function is no JSON either.
  const text = output === 'text' ? (value as string) : (JSON.stringify(value) ?? 'null');
  if (Buffer.byteLength(text) > maxBytes) {
    return failed('size', `the result has more than ${maxBytes} bytes`);
  }
  return { output: Buffer.from(text) };
}

function failed(failure: FailureKind, reason: unknown): TransformResult {
  const text = (reason as { message?: string }).message ?? String(reason);
  return { failure, reason: text };
}

process.on('message', (task: TransformTask) => {
  void run(task).then((result) => process.send?.(result));
});
// The gateway that goes takes this process with it, and waits for its tasks before: a signal to the
// whole group must not end them.
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);
process.send?.(READY);
