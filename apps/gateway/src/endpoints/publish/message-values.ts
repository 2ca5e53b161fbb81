import type { Exchange } from '../../exchange/exchange.ts';
import type { Placeholder } from '../../template/placeholder.ts';
import { RequestValues } from '../../template/request-values.ts';

/** The values of a request and of the message that is made of it. */
export class MessageValues extends RequestValues {
  readonly #message: Readonly<Record<string, string>>;

  constructor(exchange: Exchange, body: unknown, id: string) {
    super(exchange, body);
    this.#message = { id };
  }

  override find(placeholder: Placeholder): unknown {
    const { source, keys } = placeholder;
    return source === 'message' ? this.#message[keys[0] as string] : super.find(placeholder);
  }
}
