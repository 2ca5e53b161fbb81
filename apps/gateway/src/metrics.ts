import type { HttpMetrics, ServiceMetrics } from '@woodytoys/metrics';

/** What the gateway measures, its decisions included. */
export interface GatewayMetrics {
  readonly http: HttpMetrics;
  readonly client: ServiceMetrics['client'];
  readonly cache: ServiceMetrics['cache'];
  readonly gateway: ServiceMetrics['gateway'];
}
