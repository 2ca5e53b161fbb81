import { el } from '../dom.ts';

const ALL = '';

export interface ServicePicker {
  readonly root: HTMLElement;
  /** The name of a service; empty for all. */
  selected(): string;
  select(service: string): void;
  update(services: readonly string[]): void;
}

/** One of the services, or all: radio buttons, so that arrow keys walk through them. */
export function createServicePicker(onChange: () => void): ServicePicker {
  const root = el('fieldset', { class: 'segments' });
  const legend = el('legend', { class: 'visually-hidden' }, 'Service shown');
  let selected = ALL;
  let shown = '';
  root.addEventListener('change', (event) => {
    selected = (event.target as HTMLInputElement).value;
    onChange();
  });

  function option(value: string, label: string): HTMLElement {
    const input = el('input', { type: 'radio', name: 'service', value });
    input.checked = value === selected;
    return el('label', {}, input, el('span', {}, label));
  }

  return {
    root,
    selected: () => selected,
    select(service) {
      selected = service;
      const inputs = [...root.querySelectorAll('input')];
      for (const input of inputs) input.checked = input.value === service;
    },
    update(services) {
      if (shown === services.join(' ')) return;
      shown = services.join(' ');
      if (!services.includes(selected)) selected = ALL;
      root.replaceChildren(
        legend,
        option(ALL, 'All services'),
        ...services.map((name) => option(name, name)),
      );
    },
  };
}
