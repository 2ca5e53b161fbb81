import { replaceHeader } from './header-list.ts';

/** What headers say of the bytes of a body: untrue once these are others. */
const OF_THE_BYTES = [
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'digest',
  'etag',
  'repr-digest',
];

/** Changes headers in place to those of another body, of `type`, or of none when it is undefined. */
export function describeNewBody(headers: string[], type: string | undefined): void {
  for (const name of OF_THE_BYTES) replaceHeader(headers, name, undefined);
  replaceHeader(headers, 'content-type', type);
}
