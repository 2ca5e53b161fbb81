/** A list of headers as Node's requests take it; what came several times stays so. */
export function headersObject(headers: readonly string[]): Record<string, string | string[]> {
  // Without a prototype: `constructor` and `__proto__` are names like any other.
  const object = Object.create(null) as Record<string, string | string[]>;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    const earlier = object[name];
    if (earlier === undefined) object[name] = value;
    else if (Array.isArray(earlier)) earlier.push(value);
    else object[name] = [earlier, value];
  }
  return object;
}
