import type { Snapshot } from '../../../src/snapshot.ts';
import { el, setAttributes, setText } from '../dom.ts';
import type { Format } from '../format.ts';
import type { Connection } from '../stream.ts';

export interface SourceView {
  /** For the header: what is read, and how fresh it is. */
  readonly pill: HTMLElement;
  /** Says what is lost and since when; hidden while nothing is. */
  readonly banner: HTMLElement;
  /** @param now milliseconds since 1970 */
  update(connection: Connection, snapshot: Snapshot | undefined, now: number): void;
}

const SOURCES: Readonly<Record<Snapshot['source']['kind'], string>> = {
  processes: 'the metrics of this process tree',
  prometheus: 'Prometheus',
};

/**
 * Where the numbers come from, and whether they still come: of the connection to the console and of
 * the source that the console reads.
 */
export function createSource(options: {
  readonly format: Format;
  readonly announce: (text: string) => void;
  readonly onRetry: () => void;
}): SourceView {
  const { format, announce, onRetry } = options;
  const dot = el('span', { class: 'pulse', 'aria-hidden': 'true' });
  const text = el('span');
  const pill = el('p', { class: 'pill' }, dot, text);
  const title = el('strong');
  const detail = el('span');
  const retry = el('button', { type: 'button', class: 'quiet' }, 'Try now');
  const banner = el(
    'section',
    { class: 'banner', 'aria-label': 'State of the measurements', hidden: true },
    title,
    ' ',
    detail,
    ' ',
    retry,
  );
  retry.addEventListener('click', onRetry);
  let trouble: 'connection' | 'source' | undefined;

  function show(found: typeof trouble, heading: string, more: string): void {
    if (found !== trouble) announce(heading || 'Measurements are coming again');
    trouble = found;
    banner.hidden = found === undefined;
    retry.hidden = found !== 'connection';
    setText(title, heading);
    setText(detail, more);
  }

  return {
    pill,
    banner,
    update(connection, snapshot, now) {
      const source = snapshot?.source;
      const read = source ? `Reads ${SOURCES[source.kind]}` : 'Waiting for the first measurement';
      const live = connection.state === 'live' && source?.answers === true;
      setAttributes(pill, { class: `pill ${live ? 'is-live' : 'is-lost'}` });
      if (connection.state === 'lost') {
        setText(text, `${read} · connection lost`);
        const inMs = connection.retryAt - now;
        const next = inMs > 0 ? `Next attempt in ${format.elapsed(inMs)}.` : 'Trying now…';
        const since = format.elapsed(now - connection.since);
        show(
          'connection',
          'The connection to the console is lost.',
          `No word for ${since}. ${next}`,
        );
      } else if (source && !source.answers) {
        setText(text, `${read} · no answer`);
        const since =
          source.staleSince === null ? '' : `For ${format.elapsed(now - source.staleSince)}. `;
        const name = source.kind === 'prometheus' ? 'Prometheus' : 'The platform';
        const more = `${since}What you see is the last that was known. ${source.detail ?? ''}`;
        show('source', `${name} does not answer.`, more.trim());
      } else {
        const state = snapshot ? `live · ${format.clock(snapshot.time)}` : 'connecting';
        setText(text, `${read} · ${state}`);
        show(undefined, '', '');
      }
    },
  };
}
