import type { MergedInfo } from '../../contracts/merged/merge.ts';

/** What a configuration says of the merged contract. */
export type InfoOptions = Partial<MergedInfo>;

export const infoSchema = {
  title: { type: 'string', description: 'Its title.', default: 'API' },
  version: { type: 'string', description: 'Its version.', default: '1.0.0' },
  description: { type: 'string', description: 'What the API is for.' },
  servers: {
    type: 'array',
    description: 'Where it is served: URLs, absolute or relative to this one.',
    items: { type: 'string', minLength: 1 },
    minItems: 1,
    default: ['/'],
  },
} as const;

export function infoOf(options: InfoOptions): MergedInfo {
  return { title: 'API', version: '1.0.0', servers: ['/'], ...options };
}
