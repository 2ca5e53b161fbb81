import { durationMs } from '@woodytoys/service';

/** What the serving process reads beside what every service does. */
export const orderConfig = {
  HEAVY_MS: durationMs(0).describe(
    "How long Woodytoys' heavy computation takes; 5 s in the original, and in the labs.",
  ),
};

/** What the worker reads beside what every service does. */
export const workerConfig = {
  VALIDATION_MS: durationMs(0).describe(
    'How long the validation of an order takes; 5 s in the original, and in the labs.',
  ),
};
