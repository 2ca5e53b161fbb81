/**
 * What a package needs to add filters and endpoints: `@woodytoys/gateway/plugin`. docs/gateway/plugins.md
 * shows one.
 */
export { problem } from '@woodytoys/service';
export { TAKEN, jsonAnswer, problemAnswer, wholeAnswer } from './exchange/answer.ts';
export type { Answer, WholeAnswer } from './exchange/answer.ts';
export type { RouteConfig } from './config/types.ts';
export type { Exchange } from './exchange/exchange.ts';
export { headerValue, replaceHeader, withHeader, withoutHeader } from './exchange/header-list.ts';
export type {
  AroundFilter,
  BuildContext,
  Closable,
  Endpoint,
  EndpointDefinition,
  FilterDefinition,
  IncomingFilter,
  Next,
  OptionsSchema,
  OutgoingFilter,
} from './plugin.ts';
export { DURATION_PATTERN, SIZE_PATTERN, durationMs, sizeBytes } from './config/units.ts';
