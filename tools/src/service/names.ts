/** One name in every spelling that the code needs. */
export interface Spellings {
  /** gift-card */
  readonly kebab: string;
  /** GiftCard */
  readonly pascal: string;
  /** giftCard */
  readonly camel: string;
  /** gift_card */
  readonly snake: string;
  /** gift card */
  readonly words: string;
}

export interface ServiceNames {
  readonly service: Spellings;
  /** What the service keeps. */
  readonly one: Spellings;
  readonly plural: Spellings;
  readonly article: 'a' | 'an';
}

/** A refusal that the person at the terminal can act on. */
export class GeneratorError extends Error {
  override readonly name = 'GeneratorError';
}

/**
 * Resources whose types, files or table would meet something of the same name: a type that the
 * generated files import, `src/events.ts`, the table of migrations, or a word of PostgreSQL's own.
 */
const takenResources = new Set([
  'argument',
  'cache',
  'client',
  'database',
  'delivery',
  'event',
  'id',
  'migration',
  'name',
  'problem',
  'reference',
  'replica',
  'test-service',
  'value',
]);

/** Names of databases, volumes and accounts that are not a service's. */
const takenServices = ['master', 'postgres', 'template'];

/**
 * @param name of the service.
 * @param resource what it keeps, in the singular.
 * @param known names that are in use, each with what has it.
 * @throws GeneratorError naming what is wrong and what would be right.
 */
export function serviceNames(
  name: string,
  resource: string,
  known: ReadonlyMap<string, string>,
): ServiceNames {
  checkSpelling('name of a service', name);
  checkSpelling('resource', resource);
  const owner = known.get(name) ?? (takenServices.includes(name) ? 'the database' : undefined);
  if (owner !== undefined) {
    throw new GeneratorError(`"${name}" is taken by ${owner}; choose another name.`);
  }
  if (takenResources.has(resource)) {
    throw new GeneratorError(
      `"${resource}" means something else in the code of a service; name what it keeps with --resource.`,
    );
  }
  return {
    service: spellings(name),
    one: spellings(resource),
    plural: spellings(pluralOf(resource)),
    article: /^[aeiou]/.test(resource) ? 'an' : 'a',
  };
}

/** Names become database roles (63 bytes with their ending), host names and identifiers. */
function checkSpelling(what: string, text: string): void {
  if (text.length >= 2 && text.length <= 40 && /^[a-z]+(-[a-z]+)*$/.test(text)) return;
  throw new GeneratorError(
    `"${text}" is no ${what}; expected 2 to 40 lower-case letters, with single hyphens between ` +
      'words, such as payment or gift-card.',
  );
}

function spellings(kebab: string): Spellings {
  const words = kebab.split('-');
  const pascal = words.map(capitalised).join('');
  return {
    kebab,
    pascal,
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    snake: words.join('_'),
    words: words.join(' '),
  };
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The regular plurals of English: payments, boxes, deliveries. */
function pluralOf(singular: string): string {
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  if (/[^aeiou]y$/.test(singular)) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}
