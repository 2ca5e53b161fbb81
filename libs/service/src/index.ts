export { STREAMED } from './types.ts';
export type * from './types.ts';
