/** How long the deliberate work takes. */
export interface Delays {
  readonly heavyMs: number;
  readonly validationMs: number;
  readonly lastMs: number;
}

/** The original's. */
export const usualDelays: Delays = { heavyMs: 5_000, validationMs: 5_000, lastMs: 15_000 };
export const quickDelays: Delays = { heavyMs: 500, validationMs: 500, lastMs: 1_500 };

/** As the services and the monolith read them. */
export const delayVariables = ({ heavyMs, validationMs, lastMs }: Delays) => ({
  HEAVY_MS: `${heavyMs}ms`,
  VALIDATION_MS: `${validationMs}ms`,
  LAST_MS: `${lastMs}ms`,
});
