/** What a verified token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** A claim by its name, or by the names of nested ones with dots between. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Claims)[name];
  }
  return value;
}

/** A claim that is a list, or the only entry of one. */
export function claimList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The scopes of an access token: `scope` (RFC 8693), words in a text, or `scp`. */
export function scopesOf(claims: Claims): readonly unknown[] {
  const scopes = claims['scope'] ?? claims['scp'];
  return typeof scopes === 'string' ? scopes.split(' ') : claimList(scopes);
}

const PLAIN = /^[\x20-\x7e]*$/;

/** A claim as the value of a header: lists with commas, percent-encoded unless plain ASCII. */
export function headerText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map((entry) => headerText(entry) ?? '').join(',');
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return PLAIN.test(text) ? text : encodeURIComponent(text);
}
