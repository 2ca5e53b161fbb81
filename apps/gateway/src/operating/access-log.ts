import { createInfoLines, jsonText } from '@woodytoys/service';
import type { Logger } from '@woodytoys/service';
import type { Exchange } from '../exchange/exchange.ts';
import { reasonOf } from '../problems.ts';

/** How a request ended. */
export interface Ending {
  readonly status: number;
  readonly durationSeconds: number;
  /** Whether the client was sent all of the answer. */
  readonly whole: boolean;
}

/** Makes what writes the access log: one line for each request, told why where it failed. */
export function createAccessLog(log: Logger): (exchange: Exchange, ending: Ending) => void {
  const writeInfo = createInfoLines(log, 'request');
  return (exchange, ending) => {
    const { status } = ending;
    if (status < 500) {
      if (log.isLevelEnabled('info')) writeInfo(fieldsText(exchange, ending));
      return;
    }
    const fields = JSON.parse(`{${fieldsText(exchange, ending).slice(1)}}`) as object;
    const { error } = exchange;
    // What the upstream itself answered has no reason that the gateway knows of.
    const why = error === undefined ? undefined : reasonOf(error);
    if (status === 500) log.error({ ...fields, reason: why, error }, 'request');
    else log.warn({ ...fields, reason: why }, 'request');
  };
}

/**
 * The fields of a line as JSON. Its shape is known, so that it is put together from text: of every
 * request the gateway does little that costs more than its line.
 */
function fieldsText(exchange: Exchange, { status, durationSeconds, whole }: Ending): string {
  const { upstream, replica } = exchange;
  // Method, ids and address were checked by who made them, and have nothing that JSON escapes.
  return (
    `,"method":"${exchange.request.method}","path":${jsonText(exchange.path)}` +
    `,"route":${jsonText(exchange.routeName)},"status":${status}` +
    `,"durationMs":${Math.round(durationSeconds * 1e6) / 1000}` +
    `,"requestId":"${exchange.requestId}","traceId":"${exchange.trace.traceId}"` +
    `,"client":"${exchange.client.address}"` +
    (upstream === undefined ? '' : `,"upstream":${jsonText(upstream)}`) +
    (replica === undefined ? '' : `,"replica":${jsonText(replica)}`) +
    `,"attempts":${exchange.attempts},"whole":${whole}`
  );
}
