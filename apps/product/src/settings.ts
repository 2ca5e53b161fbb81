import { durationMs } from '@woodytoys/service';

/** Longer ones cannot be told from a server that is gone: its client gives up after 20 s. */
const longestMs = 15_000;

/** What the serving process reads beside what every service does. */
export const productConfig = {
  LAST_MS: durationMs(0)
    .refine((ms) => ms <= longestMs, `expected at most ${longestMs / 1_000}s`)
    .describe(
      "How long Woodytoys' slow query for the newest product takes, at most 15 s; 15 s in the original, and in the labs.",
    ),
};
