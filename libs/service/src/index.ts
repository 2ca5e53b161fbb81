export type * from './types.ts';
export { STREAMED } from './types.ts';
export { AJV_CODE } from './ajv-code.ts';
export { createApi } from './api.ts';
export type { ApiOptions, HttpObserver } from './api.ts';
export { bodyInvalid, contentTypeUnsupported, parametersInvalid } from './bad-input.ts';
export { readJson } from './body.ts';
export { closingSignalOf } from './closing.ts';
export { ConfigurationError, describeConfig, readConfig } from './config.ts';
export type {
  ConfigOf,
  ConfigRow,
  ConfigShape,
  ConfigurationMistake,
  Environment,
} from './config.ts';
export {
  choice,
  decimal,
  durationMs,
  flag,
  integer,
  parseDurationMs,
  port,
  secret,
  secretUrl,
  text,
  url,
} from './config-fields.ts';
export { ContractError, parseContract } from './contract.ts';
export type { Contract, JsonObject, Operation, Parameter, RequestBody } from './contract.ts';
export { decodeCursor, encodeCursor, pageOf } from './cursor.ts';
export type { CursorShape, CursorValues, Page } from './cursor.ts';
export { ERRORS, ProblemError, problem } from './errors.ts';
export type { ErrorCode, ErrorDefinition, FieldError, ProblemOptions } from './errors.ts';
export { MAX_FIELD_ERRORS, NOT_DECODED, fieldErrors } from './field-errors.ts';
export { escapePointer, pointerParts, unescapePointer } from './json-pointer.ts';
export type { HttpSpan, HttpTracing } from './http-tracing.ts';
export { listen, ListenError } from './listen.ts';
export type { HttpServer, ListenOptions } from './listen.ts';
export { createInfoLines, jsonText } from './log-lines.ts';
export { createLogger, LOG_LEVELS } from './logger.ts';
export type { LoggerOptions } from './logger.ts';
export { configMarkdown, errorsMarkdown } from './markdown.ts';
export { decodeQueryText, readScalar } from './parameter-text.ts';
export type { ScalarType } from './parameter-text.ts';
export { createPrivateServer } from './private-server.ts';
export type { PrivateRoutes, PrivateServer, PrivateServerOptions } from './private-server.ts';
export { problemDocument, problemHeaders, sendProblem, toProblem } from './problem.ts';
export type { ProblemContext, ProblemDocument } from './problem.ts';
export { maxPublicPath, publicPathOf } from './public-path.ts';
export { rawProblem } from './raw-problem.ts';
export { randomHex } from './random-hex.ts';
export { newRequestId, requestIdOf, traceIdOf } from './request-id.ts';
export { createShutdown, runProcess } from './shutdown.ts';
export type { RunOptions, Shutdown, ShutdownOptions } from './shutdown.ts';
export { withoutTimeLimit } from './time-limit.ts';
export type { UpgradeListener } from './upgrade.ts';
export { checkContract, createValidators } from './validation.ts';
export type { CheckedParameters, OperationValidator } from './validation.ts';
