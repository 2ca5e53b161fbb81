/** The second that was told last, in milliseconds since 1970, and how its lines begin. */
let second = -1;
let beginning = '';

/**
 * The `time` of a line, ISO 8601 in UTC with milliseconds, as pino wants it. Lines of one second share
 * its text: making the whole of it anew takes a thirtieth of a service's time for a cached read.
 */
export function logTime(): string {
  const now = Date.now();
  const milliseconds = now % 1_000;
  if (now - milliseconds !== second) {
    second = now - milliseconds;
    beginning = `,"time":"${new Date(second).toISOString().slice(0, -'000Z'.length)}`;
  }
  return `${beginning}${String(milliseconds).padStart(3, '0')}Z"`;
}
