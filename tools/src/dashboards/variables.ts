import type { Variable } from './model.ts';

/** Every process of ours, workers included. */
export const service: Variable = {
  name: 'service',
  label: 'Service',
  query: 'label_values(build_info, job)',
};

/** All stays all: a replica that comes while the page is open is shown at once. */
export const replica: Variable = {
  name: 'replica',
  label: 'Replica',
  query: 'label_values(build_info{job=~"$service"}, instance)',
  allValue: '.+',
};
