import { setText } from './dom.ts';

const quietMs = 400;

/**
 * Tells events to screen readers through a live region: what was done and what was lost, never the
 * numbers that move. Of several at once the last is told.
 */
export function createAnnouncer(region: Element): (text: string) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (text) => {
    clearTimeout(timer);
    // Emptied first: a text that is the same as the last would not be told again.
    setText(region, '');
    timer = setTimeout(() => setText(region, text), quietMs);
  };
}
