import { median } from '../report/statistics.ts';

const DOCUMENT = JSON.stringify(
  Array.from({ length: 200 }, (_, id) => ({ id, name: `Toy ${id}`, price: id / 100, tags: ['a'] })),
);
const PARSES = 200;
const TRIES = 5;

/**
 * What a fixed work takes at this moment on one core, in milliseconds: the median of five tries, of
 * some 20 ms each, in which nothing else of this process runs. On a machine that others share it
 * differs from minute to minute, and what is measured differs with it.
 */
export function fixedWorkMs(): number {
  return median(Array.from({ length: TRIES }, oneTry));
}

function oneTry(): number {
  const began = performance.now();
  for (let count = 0; count < PARSES; count += 1) JSON.stringify(JSON.parse(DOCUMENT));
  return performance.now() - began;
}
