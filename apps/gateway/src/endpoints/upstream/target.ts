import { parsePathTemplate, pathBuilder } from '../../routing/path-template.ts';
import type { PathParameters, PathTemplate } from '../../routing/path-template.ts';

/** Where an endpoint sends a request. */
export interface TargetOptions {
  readonly upstream: string;
  /** The route's own path unless given. */
  readonly path?: string;
}

/** The part of an endpoint's schema that `TargetOptions` is. */
export const targetSchema = {
  properties: {
    upstream: { type: 'string', description: 'A name under `upstreams`.' },
    path: {
      type: 'string',
      description:
        "The upstream's path, with the route's parameters; the route's own unless given.",
    },
  },
  required: ['upstream'],
  additionalProperties: false,
} as const;

/**
 * Builds the upstream's path of a request from the route's parameters.
 * @throws TypeError when `path` asks for a parameter that the route does not have.
 */
export function targetPathBuilder(
  path: string | undefined,
  route: PathTemplate,
): (parameters: PathParameters) => string {
  const target = path === undefined ? route : parsePathTemplate(path);
  checkParameters(target.parameters, route.parameters);
  return pathBuilder(target);
}

/** @throws TypeError when the upstream's path asks for a parameter that the route does not have. */
function checkParameters(wanted: readonly string[], had: readonly string[]): void {
  const unknown = wanted.find((name) => !had.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `the route's path has no parameter "${unknown}"; it has ${had.map((name) => `"${name}"`).join(', ') || 'none'}`,
    );
  }
}
