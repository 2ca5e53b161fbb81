import { writer } from '../../template/places.ts';
import { parseTemplate } from '../../template/placeholder.ts';
import type { Scope } from '../../template/placeholder.ts';
import { refused } from '../../template/refusal.ts';
import type { Values } from '../../template/values.ts';

/**
 * A template of a routing key. A dot in a value is refused with 400: it would begin another word, and
 * choose other queues than the route means.
 * @throws TypeError when it is none, or has a value that may be left out.
 */
export function routingKeyWriter(text: string, scope: Scope): (values: Values) => string {
  const template = parseTemplate(text, scope);
  if (template.some((piece) => typeof piece === 'object' && piece.missing === 'omit')) {
    throw new TypeError(`"${text}": a value of a routing key cannot be left out; give a default`);
  }
  const write = writer(template, (value, placeholder) => {
    if (value !== '' && !value.includes('.')) return value;
    throw refused(placeholder, 'must be one word of a routing key, without a dot');
  });
  return (values) => write(values) as string;
}
