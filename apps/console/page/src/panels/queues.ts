import type { Queue, Snapshot } from '../../../src/snapshot.ts';
import { el, keyedList, setText } from '../dom.ts';
import type { ItemView } from '../dom.ts';
import type { Format } from '../format.ts';

export interface QueuesView {
  readonly root: HTMLElement;
  update(snapshot: Snapshot): void;
}

/** How many messages wait in each queue, and how many are worked on. */
export function createQueues(format: Format): QueuesView {
  const body = el('tbody');
  const showQueues = keyedList(
    body,
    ({ name }: Queue) => name,
    () => createRow(format),
  );
  const empty = el('p', { class: 'empty' }, 'No queue is known.');
  const head = ['Queue', 'Waiting', 'In work'].map((text) => el('th', { scope: 'col' }, text));
  const table = el('table', { class: 'queues' }, el('thead', {}, el('tr', {}, ...head)), body);
  const root = el(
    'section',
    { class: 'card', 'aria-labelledby': 'queues-title' },
    el('header', { class: 'card-head' }, el('h2', { id: 'queues-title' }, 'Queues')),
    el('div', { class: 'table-scroll', tabindex: 0, role: 'group', 'aria-label': 'Table' }, table),
    empty,
  );
  return {
    root,
    update({ queues }) {
      showQueues(queues);
      table.hidden = queues.length === 0;
      empty.hidden = queues.length > 0;
    },
  };
}

function createRow(format: Format): ItemView<Queue> {
  const name = el('th', { scope: 'row' });
  const ready = el('td');
  const working = el('td');
  return {
    root: el('tr', {}, name, ready, working),
    update(queue) {
      setText(name, queue.name);
      setText(ready, format.count(queue.ready));
      setText(working, format.count(queue.unacknowledged));
    },
  };
}
