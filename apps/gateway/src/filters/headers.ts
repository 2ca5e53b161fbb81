import type { Answer } from '../exchange/answer.ts';
import type { FilterDefinition } from '../plugin.ts';

interface HeadersOptions {
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

const HEADER_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

/** Sets and removes headers: of the request to the upstream when incoming, else of the answer. */
export const headers: FilterDefinition<HeadersOptions> = {
  name: 'headers',
  options: {
    type: 'object',
    description:
      'Sets and removes headers: of the request to the upstream when incoming, of the answer when outgoing.',
    properties: {
      set: {
        type: 'object',
        description: 'Headers by name; one that is there already is replaced.',
        propertyNames: { pattern: HEADER_NAME },
        additionalProperties: { type: 'string', pattern: '^[\\t\\x20-\\x7e]*$' },
      },
      remove: {
        type: 'array',
        description: 'Names of headers to take out.',
        items: { type: 'string', pattern: HEADER_NAME },
      },
    },
    minProperties: 1,
    additionalProperties: false,
  },
  incoming(options) {
    const change = changer(options);
    return (exchange) => {
      const changed = change(exchange.headers);
      exchange.headers.splice(0, exchange.headers.length, ...changed);
      return undefined;
    };
  },
  outgoing(options) {
    const change = changer(options);
    return (_exchange, answer): Answer => ({ ...answer, headers: change(answer.headers) });
  },
};

function changer({ set = {}, remove = [] }: HeadersOptions) {
  const added = Object.entries(set).flatMap(([name, value]) => [name.toLowerCase(), value]);
  const dropped = new Set([...Object.keys(set), ...remove].map((name) => name.toLowerCase()));
  return (pairs: readonly string[]): string[] => {
    const kept: string[] = [];
    for (let index = 0; index < pairs.length; index += 2) {
      const name = pairs[index] as string;
      if (!dropped.has(name)) kept.push(name, pairs[index + 1] as string);
    }
    return [...kept, ...added];
  };
}
