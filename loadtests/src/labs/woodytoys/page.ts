import type { ProbeLoad } from '../../lab/lab.ts';
import { askWell } from './ask.ts';

export interface PageOptions {
  /** Where the front answers, which sends 300 kB/s and no more. */
  readonly front: string;
  /** Where the caching edge before it answers. */
  readonly edge: string;
}

/** The page with all that it names, as `wget --page-requisites` loads it. */
export function pageProbe({ front, edge }: PageOptions): ProbeLoad {
  return {
    title: 'the page with its picture of 5 MB',
    seconds: 40,
    async probe({ signal }) {
      const originSeconds = await loadPage(front, signal);
      const edgeFirstSeconds = await loadPage(edge, signal);
      const edgeSeconds = await loadPage(edge, signal);
      return { values: { originSeconds, edgeFirstSeconds, edgeSeconds } };
    },
  };
}

/** @returns the seconds until the page and each file that it names are there, one after the other. */
export async function loadPage(origin: string, signal: AbortSignal): Promise<number> {
  const page = await askWell({ origin, path: '/', signal });
  let seconds = page.seconds;
  for (const [, name] of page.body.toString().matchAll(/(?:src|href)="([^":]+)"/g)) {
    seconds += (await askWell({ origin, path: `/${name}`, signal })).seconds;
  }
  return seconds;
}
