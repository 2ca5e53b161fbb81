import type { UpstreamObserver } from './attempts.ts';
import type { Upstream } from './upstream.ts';
import { UpstreamRequest } from './upstream-request.ts';
import type { UpstreamReceiver, UpstreamRequestOptions } from './upstream-request.ts';

/** `sent`; `failed`: no answer came; `skipped`: the body is a stream, which only one can read. */
export type MirrorOutcome = 'sent' | 'failed' | 'skipped';

export interface MirrorOptions {
  readonly upstream: Upstream;
  /** How many of a hundred requests, by chance. */
  readonly percent: number;
  readonly count: (outcome: MirrorOutcome) => void;
}

/** Copies requests to another upstream, whose answers nobody sees. */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #receiver: UpstreamReceiver;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#receiver = {
      onHead() {},
      onData() {},
      onEnd: () => options.count('sent'),
      onError: () => options.count('failed'),
    };
  }

  /** Sends the copy, or does not; whatever comes of it changes nothing for the request itself. */
  copy(request: UpstreamRequestOptions, observer: UpstreamObserver): void {
    const { upstream, percent, count } = this.#options;
    if (Math.random() * 100 >= percent) return;
    const { body } = request;
    if (body !== null && !Buffer.isBuffer(body)) {
      count('skipped');
      return;
    }
    new UpstreamRequest(upstream, { ...request, copy: true }, this.#receiver, observer).start();
  }

  describe(): { readonly upstream: string; readonly percent: number } {
    const { upstream, percent } = this.#options;
    return { upstream: upstream.name, percent };
  }
}
