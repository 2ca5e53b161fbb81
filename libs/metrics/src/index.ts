export type * from './types.ts';
export { CATALOGUE } from './catalogue.ts';
export type { MetricDefinition, MetricKey } from './catalogue.ts';
export { metricsMarkdown } from './markdown.ts';
export { createMetricsRegistry } from './registry.ts';
export type { MetricsRegistryOptions } from './registry.ts';
