/** What the platform promises, and what `breakpoint` searches the highest rate for. */
export const OBJECTIVE = {
  'http_req_duration{part:load}': ['p(95)<=250'],
  'http_req_failed{part:load}': ['rate<=0.001'],
  checks: ['rate>=0.999'],
  // What k6 could not send is no load that was borne.
  dropped_iterations: ['count==0'],
};
