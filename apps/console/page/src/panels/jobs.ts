import type { Catalogue, CatalogueEntry, Job, JobState, Snapshot } from '../../../src/snapshot.ts';
import type { Actions } from '../actions.ts';
import { el, keyedList, setAttributes, setText } from '../dom.ts';
import type { ItemView } from '../dom.ts';
import type { Format } from '../format.ts';

export interface JobsView {
  readonly root: HTMLElement;
  update(snapshot: Snapshot): void;
  /** @param available false while the console cannot be reached */
  setAvailable(available: boolean): void;
}

const STATES: Readonly<Record<JobState, string>> = {
  queued: 'queued',
  running: 'running',
  done: 'done',
  failed: 'failed',
  unknown: 'not known',
};

/** Asks for jobs of every kind in the catalogue, and shows how far each has come. */
export function createJobs(options: {
  readonly actions: Actions;
  readonly format: Format;
  readonly announce: (text: string) => void;
}): JobsView {
  const { actions, format, announce } = options;
  const list = el('ul', { class: 'jobs' });
  const empty = el(
    'p',
    { class: 'empty' },
    'None yet: request one and watch it go through the queue.',
  );
  const counts = el('p', { class: 'hint' });
  const trouble = el('p', { class: 'hint bad', hidden: true });
  const requests = el('ul', { class: 'requests' });
  const states = new Map<string, JobState>();
  let catalogue: Catalogue | undefined;
  const showJobs = keyedList(
    list,
    ({ id }: Job) => id,
    () => createJobItem(format, titleOf),
  );
  const showRequests = keyedList(
    requests,
    ({ id }: CatalogueEntry) => id,
    ({ id }) => createRequest(() => void request(id)),
  );
  const root = el(
    'section',
    { class: 'card', 'aria-labelledby': 'jobs-title' },
    el('header', { class: 'card-head' }, el('h2', { id: 'jobs-title' }, 'Jobs')),
    requests,
    trouble,
    list,
    empty,
    counts,
  );

  async function request(kind: string): Promise<void> {
    try {
      const job = await actions.requestJob({ kind });
      states.set(job.id, job.state);
      trouble.hidden = true;
      announce(`${titleOf(kind)} requested`);
    } catch (error) {
      setText(trouble, (error as Error).message);
      trouble.hidden = false;
      announce((error as Error).message);
    }
  }

  function titleOf(kind: string): string {
    return catalogue?.jobKinds.find(({ id }) => id === kind)?.title ?? kind;
  }

  /** Tells the end of a job once, and nothing of the jobs that had ended before. */
  function tell({ id, kind, state }: Job): void {
    const before = states.get(id);
    states.set(id, state);
    if (before === undefined || before === state) return;
    if (state === 'done' || state === 'failed') announce(`${titleOf(kind)}: ${STATES[state]}`);
  }

  return {
    root,
    update(snapshot) {
      catalogue = snapshot.catalogue;
      showRequests(catalogue.jobKinds);
      showJobs(snapshot.jobs);
      empty.hidden = snapshot.jobs.length > 0;
      snapshot.jobs.forEach(tell);
      const totals = snapshot.jobCounts.filter(({ count }) => count > 0);
      const parts = totals.map(
        ({ kind, state, count }) => `${format.count(count)} ${kind} ${state}`,
      );
      setText(counts, parts.length > 0 ? `On the whole platform: ${parts.join(' · ')}` : '');
    },
    setAvailable(available) {
      for (const button of requests.querySelectorAll('button')) button.disabled = !available;
    },
  };
}

function createRequest(onClick: () => void): ItemView<CatalogueEntry> {
  const name = el('strong');
  const text = el('p', { class: 'hint' });
  const button = el('button', { type: 'button', class: 'primary' }, 'Request');
  button.addEventListener('click', onClick);
  return {
    root: el('li', {}, el('div', {}, name, text), button),
    update({ title, description }) {
      setText(name, title);
      setText(text, description);
      setAttributes(button, { 'aria-label': `Request: ${title}` });
    },
  };
}

function createJobItem(format: Format, titleOf: (kind: string) => string): ItemView<Job> {
  const title = el('span', { class: 'job-kind' });
  const state = el('span', { class: 'badge' });
  const bar = el('progress', { max: 1 });
  const note = el('span', { class: 'hint' });
  const link = el('a', { class: 'hint', hidden: true }, 'Result');
  const root = el('li', {}, el('div', { class: 'job-head' }, title, state, note, link), bar);
  return {
    root,
    update(job) {
      setText(title, titleOf(job.kind));
      setText(state, STATES[job.state]);
      setAttributes(state, { class: `badge state-${job.state}` });
      setAttributes(bar, {
        value: job.progress ?? (job.state === 'done' ? 1 : undefined),
        class: `state-${job.state}`,
        'aria-label': `${titleOf(job.kind)} requested at ${format.clock(job.createdAt)}`,
      });
      const part = job.state === 'running' ? `${format.percent(job.progress)} · ` : '';
      setText(note, job.detail ?? `${part}${format.clock(job.createdAt)}`);
      link.hidden = job.result === null;
      setAttributes(link, { href: job.result ?? false });
      setAttributes(root, { 'data-job': job.id });
    },
  };
}
