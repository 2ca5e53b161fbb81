import { integer } from '@woodytoys/service';

/** What the worker reads beside what every service does. */
export const workerConfig = {
  REPORT_RETENTION_DAYS: integer({ min: 1, max: 36_500, default: 30 }).describe(
    'How long a report is kept after it is done or has failed.',
  ),
};
