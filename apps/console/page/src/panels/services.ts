import type { Replica, Service, Snapshot } from '../../../src/snapshot.ts';
import { el, keyedList, setAttributes, setText } from '../dom.ts';
import type { ItemView } from '../dom.ts';
import type { Format } from '../format.ts';

export interface ServicesView {
  readonly root: HTMLElement;
  update(snapshot: Snapshot): void;
}

const COLUMNS = ['Service', 'Replicas', 'Rate', 'p95', 'Errors', 'In flight', 'CPU, cores', 'MiB'];

interface Row {
  readonly service: Service;
  /** Undefined for the row of the service itself. */
  readonly replica: Replica | undefined;
}

/**
 * Every service with its replicas in numbers: what the drawing shows, and more.
 *
 * @param onSelect called with the name of a service whose charts are wanted
 */
export function createServices(format: Format, onSelect: (service: string) => void): ServicesView {
  const body = el('tbody');
  const head = COLUMNS.map((text) => el('th', { scope: 'col' }, text));
  const showRows = keyedList(
    body,
    ({ service, replica }: Row) => `${service.name} ${replica?.instance ?? ''}`,
    ({ replica }) => (replica ? createReplicaRow(format) : createServiceRow(format, onSelect)),
  );
  const root = el(
    'section',
    { class: 'card', 'aria-labelledby': 'services-title' },
    el('header', { class: 'card-head' }, el('h2', { id: 'services-title' }, 'Services')),
    el(
      'div',
      { class: 'table-scroll services-scroll' },
      el('table', { class: 'services' }, el('thead', {}, el('tr', {}, ...head)), body),
    ),
  );
  return {
    root,
    update({ services }) {
      showRows(services.flatMap(rowsOf));
    },
  };
}

/** A service of one replica that is up needs one row only. */
function rowsOf(service: Service): Row[] {
  const { replicas } = service;
  const rows = [{ service, replica: undefined }];
  if (replicas.length === 1 && replicas[0]?.up) return rows;
  return [...rows, ...replicas.map((replica) => ({ service, replica }))];
}

function createServiceRow(format: Format, onSelect: (service: string) => void): ItemView<Row> {
  const name = el('button', { type: 'button', class: 'link' });
  name.addEventListener('click', () => onSelect(name.textContent));
  const { cells, show } = createCells();
  return {
    root: el('tr', {}, el('th', { scope: 'row' }, name), ...cells),
    update({ service: { name: called, signals, replicas } }) {
      const up = replicas.filter((replica) => replica.up).length;
      setText(name, called);
      setAttributes(name, { title: `Show the charts of ${called}` });
      show([
        up === replicas.length ? `${up} up` : `${up} of ${replicas.length} up`,
        format.rate(signals.rps),
        format.duration(signals.p95),
        format.percent(signals.errorRatio),
        format.count(signals.inFlight),
        format.cores(sum(replicas.map(({ cpu }) => cpu))),
        format.mebibytes(sum(replicas.map(({ memory }) => memory))),
      ]);
      setAttributes(cells[0] as Element, {
        class: up < replicas.length || up === 0 ? 'bad' : false,
      });
      setAttributes(cells[3] as Element, { class: (signals.errorRatio ?? 0) > 0 ? 'bad' : false });
    },
  };
}

function createReplicaRow(format: Format): ItemView<Row> {
  const name = el('th', { scope: 'row' });
  const { cells, show } = createCells();
  return {
    root: el('tr', { class: 'replica' }, name, ...cells),
    update({ replica }) {
      if (!replica) return;
      setText(name, replica.instance);
      const since = replica.since === null ? 'up' : `up since ${format.minute(replica.since)}`;
      const [cpu, memory] = [format.cores(replica.cpu), format.mebibytes(replica.memory)];
      show([replica.up ? since : 'down', format.rate(replica.rps), '', '', '', cpu, memory]);
      setAttributes(cells[0] as Element, { class: replica.up ? false : 'bad' });
    },
  };
}

function createCells() {
  const cells = COLUMNS.slice(1).map(() => el('td'));
  const show = (texts: readonly string[]) => {
    cells.forEach((cell, index) => setText(cell, texts[index] ?? ''));
  };
  return { cells, show };
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((total, value) => total + value, 0) : null;
}
