import { TRAFFIC_RATES } from '../../../src/snapshot.ts';
import type { Snapshot, Traffic, TrafficRate } from '../../../src/snapshot.ts';
import type { Actions } from '../actions.ts';
import { el, setAttributes, setText } from '../dom.ts';
import type { Format } from '../format.ts';

export interface TrafficView {
  readonly root: HTMLElement;
  update(snapshot: Snapshot): void;
  /** @param available false while the console cannot be reached */
  setAvailable(available: boolean): void;
}

/**
 * Starts and stops the demonstration traffic. Buttons and not radio buttons: an arrow key that
 * passes over 100 must not start it.
 */
export function createTraffic(options: {
  readonly actions: Actions;
  readonly format: Format;
  readonly announce: (text: string) => void;
}): TrafficView {
  const { actions, format, announce } = options;
  const mix = el('select');
  const buttons = TRAFFIC_RATES.map((rate) => {
    const button = el('button', { type: 'button' }, rate === 0 ? 'Off' : `${rate}/s`);
    button.addEventListener('click', () => void order(rate));
    return { rate, button };
  });
  const status = el('p', { class: 'hint' });
  const group = el('div', { class: 'segments', role: 'group', 'aria-labelledby': 'traffic-title' });
  group.append(...buttons.map(({ button }) => button));
  const description = el('p', { class: 'hint', id: 'mix-description' });
  setAttributes(mix, { 'aria-describedby': 'mix-description' });
  const root = el(
    'section',
    { class: 'card control', 'aria-labelledby': 'traffic-title' },
    el('h2', { id: 'traffic-title' }, 'Demonstration traffic'),
    el('div', { class: 'fields' }, group, el('label', {}, 'Mix', mix)),
    el('div', {}, status, description),
  );
  let latest: Snapshot | undefined;
  /** What the reader has chosen and the traffic does not have yet. */
  let chosen: string | undefined;

  mix.addEventListener('change', () => {
    chosen = mix.value;
    describeMix();
    if (latest && latest.traffic.rate > 0) void order(latest.traffic.rate);
  });

  async function order(rate: TrafficRate): Promise<void> {
    setAttributes(root, { 'aria-busy': 'true' });
    try {
      const traffic = await actions.setTraffic({ mix: mix.value, rate });
      chosen = undefined;
      announce(rate === 0 ? 'Traffic stopped' : `Traffic: ${rate} requests a second`);
      show(traffic);
    } catch (error) {
      setText(status, (error as Error).message);
      setAttributes(status, { class: 'hint bad' });
      announce((error as Error).message);
    } finally {
      setAttributes(root, { 'aria-busy': false });
    }
  }

  function show(traffic: Traffic): void {
    for (const { rate, button } of buttons) {
      setAttributes(button, { 'aria-pressed': `${rate === traffic.rate}` });
    }
    const counts = [
      `${format.count(traffic.served)} answered`,
      `${format.count(traffic.failed)} failed`,
      ...(traffic.skipped > 0 ? [`${format.count(traffic.skipped)} not sent`] : []),
    ].join(' · ');
    const until = traffic.until === null ? '' : ` · stops at ${format.clock(traffic.until)}`;
    const some = traffic.served + traffic.failed + traffic.skipped > 0 || traffic.rate > 0;
    setText(status, some ? `${counts}${until}` : 'Choose a rate to see the platform at work.');
    setAttributes(status, { class: traffic.failed > 0 ? 'hint bad' : 'hint' });
  }

  function describeMix(): void {
    const entry = latest?.catalogue.mixes.find(({ id }) => id === mix.value);
    setText(description, entry?.description ?? '');
  }

  return {
    root,
    update(snapshot) {
      latest = snapshot;
      const { catalogue, traffic } = snapshot;
      if (
        [...mix.options].map(({ value }) => value).join() !==
        catalogue.mixes.map(({ id }) => id).join()
      ) {
        mix.replaceChildren(
          ...catalogue.mixes.map(({ id, title }) => el('option', { value: id }, title)),
        );
      }
      const wanted = traffic.rate > 0 ? traffic.mix : (chosen ?? traffic.mix);
      if (mix.value !== wanted) mix.value = wanted;
      describeMix();
      show(traffic);
    },
    setAvailable(available) {
      for (const { button } of buttons) button.disabled = !available;
      mix.disabled = !available;
    },
  };
}
