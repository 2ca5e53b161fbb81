/** The directives of `Cache-Control` fields, names in lower case; seconds where they have a number. */
export class CacheControl {
  readonly #directives: ReadonlyMap<string, string>;

  private constructor(directives: ReadonlyMap<string, string>) {
    this.#directives = directives;
  }

  /** @param field the values of all fields, joined by commas; undefined when there is none. */
  static parse(field: string | undefined): CacheControl {
    if (field === undefined) return NONE;
    const directives = new Map<string, string>();
    for (const [, name = '', quoted, token = ''] of field.matchAll(DIRECTIVE)) {
      const key = name.toLowerCase();
      // Of two that differ neither is to be believed (RFC 9111 4.2.1): such an answer is stale.
      const value = quoted ?? token;
      const known = directives.get(key);
      directives.set(key, known === undefined || known === value ? value : 'differs');
    }
    return new CacheControl(directives);
  }

  static none(): CacheControl {
    return new CacheControl(new Map());
  }

  has(name: string): boolean {
    return this.#directives.has(name);
  }

  /** Milliseconds of a directive: undefined when it is not there, 0 when it is no number of seconds. */
  ms(name: string): number | undefined {
    const value = this.#directives.get(name);
    if (value === undefined) return undefined;
    return /^\d+$/.test(value) ? Math.min(Number(value), LONGEST_SECONDS) * 1_000 : 0;
  }
}

/** RFC 9111 1.2.2: what is longer than 2^31 seconds is as long. */
const LONGEST_SECONDS = 2 ** 31;
const DIRECTIVE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]*)))?/g;
const NONE = CacheControl.none();
