import type { RecentError, Snapshot } from '../../../src/snapshot.ts';
import { copyText } from '../clipboard.ts';
import { el, keyedList, setAttributes, setText } from '../dom.ts';
import type { ItemView } from '../dom.ts';
import type { Format } from '../format.ts';

export interface ErrorsView {
  readonly root: HTMLElement;
  update(snapshot: Snapshot): void;
}

/** The last requests that failed, each with the id under which the logs tell of it. */
export function createErrors(format: Format, announce: (text: string) => void): ErrorsView {
  const list = el('ol', { class: 'errors' });
  const showErrors = keyedList(
    list,
    ({ requestId, time }: RecentError) => `${requestId} ${time}`,
    () => createItem(format, announce),
  );
  const empty = el('p', { class: 'empty' }, 'None: every recent request was answered.');
  const root = el(
    'section',
    { class: 'card errors-card', 'aria-labelledby': 'recent-title' },
    el('header', { class: 'card-head' }, el('h2', { id: 'recent-title' }, 'Recent errors')),
    el('div', { class: 'list-scroll' }, list),
    empty,
  );
  return {
    root,
    update({ errors }) {
      showErrors(errors);
      list.hidden = errors.length === 0;
      empty.hidden = errors.length > 0;
    },
  };
}

function createItem(format: Format, announce: (text: string) => void): ItemView<RecentError> {
  const status = el('span', { class: 'badge state-failed' });
  const what = el('span', { class: 'error-route' });
  const time = el('time', { class: 'hint' });
  const detail = el('span', { class: 'hint' });
  const id = el('code');
  const copy = el('button', { type: 'button', class: 'quiet' }, 'Copy id');
  copy.addEventListener('click', () => {
    void copyText(id).then((done) =>
      announce(
        done ? 'Request id copied' : 'The request id is selected: copy it with the keyboard',
      ),
    );
  });
  return {
    root: el(
      'li',
      {},
      el('div', { class: 'error-head' }, status, what, time),
      el('div', { class: 'error-foot' }, id, copy, detail),
    ),
    update(error) {
      setText(status, `${error.status}`);
      setText(what, `${error.method} ${error.route}`);
      setText(time, format.clock(error.time));
      setAttributes(time, { datetime: new Date(error.time).toISOString() });
      setText(detail, [error.upstream, error.detail].filter((text) => text !== null).join(' · '));
      setText(id, error.requestId);
      setAttributes(copy, { 'aria-label': `Copy id ${error.requestId}` });
    },
  };
}
