import { SIZE_PATTERN } from '../../config/units.ts';
import type { OptionsSchema } from '../../plugin.ts';
import { jsonTemplate, textTemplate } from '../../template/answer-writer.ts';
import type { AnswerTemplates } from '../../template/answer-writer.ts';
import { headerTemplates } from '../../template/headers.ts';

/** A list that is made of another, element by element. */
export interface ListOptions {
  readonly of: string;
  readonly first?: number;
  readonly as: unknown;
  readonly key?: string;
  readonly join?: string;
}

/** A value that is told by another. */
export interface ValueOptions {
  readonly of: string;
  readonly is: Readonly<Record<string, unknown>>;
  readonly otherwise?: unknown;
}

/** By their names. */
export interface Definitions {
  readonly lists: Readonly<Record<string, ListOptions>>;
  readonly values: Readonly<Record<string, ValueOptions>>;
}

export interface RespondOptions extends AnswerTemplates, Partial<Definitions> {
  readonly when?: Readonly<Record<string, AnswerTemplates>>;
  readonly maxAnswer?: string;
}

const NAME = { pattern: '^\\w+$' } as const;

const answerProperties = {
  status: {
    type: 'integer',
    minimum: 200,
    maximum: 599,
    description: "The status; the service's own unless given.",
  },
  headers: headerTemplates,
  text: textTemplate,
  json: jsonTemplate,
} as const;

const lists = {
  type: 'object',
  description:
    'Lists by name, for {lists.name}: each element of another list made into another. They may use the values, and the lists above them.',
  propertyNames: NAME,
  additionalProperties: {
    type: 'object',
    properties: {
      of: { type: 'string', description: 'The list, such as {answer.items}.' },
      first: { type: 'integer', minimum: 0, description: 'How many of it; all unless given.' },
      as: {
        description:
          'What each becomes: JSON whose strings are templates, which may use {item} too. One that is left out ({item.name?}) leaves no gap.',
      },
      key: {
        type: 'string',
        description:
          'Makes an object instead: the name of the member that each becomes. One without a name is left out; of two with the same name the later counts.',
      },
      join: { type: 'string', description: 'Makes one text of all, with this between them.' },
    },
    required: ['of', 'as'],
    additionalProperties: false,
  },
} as const;

const values = {
  type: 'object',
  description:
    'Values by name, for {values.name}: what another value stands for. They may use those above them, and {item} where a list uses them.',
  propertyNames: NAME,
  additionalProperties: {
    type: 'object',
    properties: {
      of: { type: 'string', description: 'The value, such as {answer.status}.' },
      is: {
        type: 'object',
        description: 'What it becomes, by what it is: JSON whose strings are templates.',
      },
      otherwise: {
        description:
          'What any other, or a missing one, becomes: JSON whose strings are templates. Without it the value is missing.',
      },
    },
    required: ['of', 'is'],
    additionalProperties: false,
  },
} as const;

export const optionsSchema: OptionsSchema = {
  type: 'object',
  description:
    'Makes the answer to the client from that of the service, by templates such as {answer.name}, {status}, {now} and {query.name}. Listed in outgoing, it works on what the endpoint answers; in incoming, on what the filters after it and the gateway itself answer as well.',
  properties: {
    ...answerProperties,
    when: {
      type: 'object',
      description:
        'Other answers by status (404) or hundred (4xx). The others hold for those under 400 that are not named here; errors that are not named pass as they are.',
      propertyNames: { pattern: '^[2-5](?:\\d\\d|xx)$' },
      additionalProperties: {
        type: 'object',
        properties: answerProperties,
        additionalProperties: false,
      },
    },
    lists,
    values,
    maxAnswer: {
      type: 'string',
      pattern: SIZE_PATTERN,
      default: '1MB',
      description:
        'The largest answer of the service, unpacked, and the largest that is made; 502 past it.',
    },
  },
  minProperties: 1,
  additionalProperties: false,
};
