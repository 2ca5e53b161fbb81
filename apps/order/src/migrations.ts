/** The SQL files that make this service's tables. */
export const orderMigrations = new URL('../migrations/', import.meta.url);
