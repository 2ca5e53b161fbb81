import type { Answer } from '../exchange/answer.ts';
import type { FilterDefinition } from '../plugin.ts';
import { FRAMING, HEADER_NAME } from '../template/headers.ts';

interface HeadersOptions {
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

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
    // The upstream may want to be asked by another name than its address.
    refuseFraming(options, ['host']);
    const change = changer(options);
    return (exchange) => {
      const changed = change(exchange.headers);
      exchange.headers.splice(0, exchange.headers.length, ...changed);
      return undefined;
    };
  },
  outgoing(options) {
    refuseFraming(options);
    const change = changer(options);
    return (_exchange, answer): Answer => ({ ...answer, headers: change(answer.headers) });
  },
};

/** @throws TypeError for a header that would break the message's frame. */
function refuseFraming({ set = {} }: HeadersOptions, allowed: readonly string[] = []): void {
  const refused = Object.keys(set).find((given) => {
    const name = given.toLowerCase();
    return FRAMING.has(name) && !allowed.includes(name);
  });
  if (refused !== undefined) {
    throw new TypeError(`the header "${refused}" belongs to the connection; take it out`);
  }
}

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
