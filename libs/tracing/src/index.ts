export { errorType, inSpan } from './in-span.ts';
export { openTraceExport } from './open.ts';
export type { TraceExportOptions, TraceLog } from './open.ts';
export { SAMPLERS } from './types.ts';
export type * from './types.ts';
