/** The origin under load, without a slash at its end. */
export const target = __ENV.TARGET ?? 'http://localhost:8080';
