export interface Refresh {
  /** Draws with the next frame, once however often it was asked for. */
  request(): void;
}

/**
 * Draws at most once a frame, and not at all while the page is hidden; it catches up when it is seen
 * again.
 *
 * @param draw is given the time in milliseconds since 1970
 */
export function createRefresh(draw: (now: number) => void): Refresh {
  let frame: number | undefined;
  let missed = false;

  function request(): void {
    if (document.hidden) missed = true;
    else frame ??= requestAnimationFrame(run);
  }
  function run(): void {
    frame = undefined;
    draw(Date.now());
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && missed) request();
    missed = missed && document.hidden;
  });
  return { request };
}
