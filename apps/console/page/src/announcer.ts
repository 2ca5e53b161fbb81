import { setText } from './dom.ts';

const quietMs = 400;

/**
 * Tells events to screen readers through a live region: what was done and what was lost, never the
 * numbers that move. Those that come together are told together.
 */
export function createAnnouncer(region: Element): (text: string) => void {
  let waiting: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    setText(region, waiting.length === 1 ? (waiting[0] ?? '') : waiting.map(sentence).join(' '));
    waiting = [];
  }

  return (text) => {
    clearTimeout(timer);
    // Emptied first: a text that is the same as the last would not be told again.
    setText(region, '');
    waiting = [...waiting.filter((other) => other !== text), text];
    timer = setTimeout(tell, quietMs);
  };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
