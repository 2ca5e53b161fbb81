import type { Snapshot } from '../../../src/snapshot.ts';
import { el, setText } from '../dom.ts';
import type { Format } from '../format.ts';

export interface FooterView {
  readonly root: HTMLElement;
  update(snapshot: Snapshot): void;
}

/** How the numbers are to be read, and where there is more. */
export function createFooter(format: Format): FooterView {
  const text = el('span');
  const links = [el('a', { href: '/docs' }, 'Contract of the API')];
  return {
    root: el('p', { class: 'hint' }, text, ' ', ...links),
    update({ source, services }) {
      const seconds = format.count(source.windowSeconds);
      const replicas = services.flatMap((service) => service.replicas);
      const shared =
        replicas.length > 0 && replicas.every(({ instance }) => instance === 'process');
      setText(
        text,
        `Rates and quantiles are taken over the last ${seconds} s.` +
          (shared
            ? ' All services share one process: CPU, event loop and memory are its own.'
            : ''),
      );
    },
  };
}
