/** The SQL files that make this service's tables. */
export const logisticsMigrations = new URL('../migrations/', import.meta.url);
