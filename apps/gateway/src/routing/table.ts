import findMyWay from 'find-my-way';
import { badRequest } from '../problems.ts';
import type { ParameterType } from '../config/types.ts';
import { routerPattern } from './path-template.ts';
import type { PathParameters, PathTemplate } from './path-template.ts';
import type { AroundFilter, Endpoint, IncomingFilter, OutgoingFilter } from '../plugin.ts';

/** A filter of a route's `incoming`, one or the other kind. */
export type Step =
  | { readonly incoming: IncomingFilter; readonly around: undefined }
  | { readonly incoming: undefined; readonly around: AroundFilter };

/** A route ready to answer. */
export interface Route {
  /** As metrics and logs name it. */
  readonly template: PathTemplate;
  readonly host: string | undefined;
  readonly methods: readonly string[];
  readonly parameters: Readonly<Record<string, ParameterType>> | undefined;
  readonly incoming: readonly Step[];
  readonly outgoing: readonly OutgoingFilter[];
  readonly endpoint: Endpoint;
  /** Whether it takes requests for WebSocket. */
  readonly takesUpgrade: boolean;
  /** Whether one of its filters answers a preflight for it (OPTIONS, before a browser asks). */
  readonly answersPreflight: boolean;
}

/** The routes of one path, by method. */
interface PathEntry {
  readonly template: PathTemplate;
  /** By the methods that routes list. */
  readonly own: Map<string, Route>;
  /** The same with HEAD, where GET answers it. */
  byMethod: ReadonlyMap<string, Route>;
  allow: string;
}

export type Match =
  | {
      readonly route: Route;
      readonly template: PathTemplate;
      readonly parameters: PathParameters;
    }
  /** The path is there, the method is not. */
  | { readonly route: undefined; readonly template: PathTemplate; readonly allow: string }
  | undefined;

/** Longer values match no parameter. */
const MAX_PARAMETER_LENGTH = 500;
/** Decoded, they would end the segment that they are in, or leave it. */
const ENCODED_SLASH = /%2f|%5c/i;

/**
 * All routes of one configuration, never changed after it is made. The path decides alone which
 * routes are meant, static segments before parameters; the method then picks one of them.
 */
export class RouteTable {
  readonly #routes: Route[] = [];
  readonly #entries = new Map<string, PathEntry>();
  readonly #anyHost = newRouter();
  readonly #byHost = new Map<string, ReturnType<typeof newRouter>>();

  /** @throws TypeError when two routes have the same host, path and method. */
  constructor(routes: readonly Route[] = []) {
    for (const route of routes) this.add(route);
  }

  get routes(): readonly Route[] {
    return this.#routes;
  }

  /**
   * Adds a route; for whoever makes the table, since one in use never changes.
   * @throws TypeError when there is one of the same host, path and method, or of the same path with
   * other names; then nothing is added.
   */
  add(route: Route): void {
    const pattern = routerPattern(route.template);
    // Two templates that differ in the names of their parameters alone are one path.
    const key = `${route.host ?? ''} ${pattern.replaceAll(/(?<!:):\w+/g, ':')}`;
    let entry = this.#entries.get(key);
    if (entry !== undefined) checkSamePath(entry, route);
    else {
      entry = { template: route.template, own: new Map(), byMethod: new Map(), allow: '' };
      this.#entries.set(key, entry);
      this.#router(route.host).on('GET', pattern, noop, entry);
    }
    for (const method of route.methods) entry.own.set(method, route);
    finish(entry);
    this.#routes.push(route);
  }

  /**
   * `preflightFor` is the method that a browser asks about before it uses it.
   * @throws ProblemError 400 when the path cannot be decoded.
   */
  match(host: string | undefined, method: string, path: string, preflightFor?: string): Match {
    if (!path.startsWith('/'))
      throw badRequest('The request target is not a path; begin it with "/".');
    if (path.includes('%') && ENCODED_SLASH.test(path)) {
      throw badRequest('The path has an encoded slash or backslash; no route takes one.');
    }
    const own = this.#byHost.size === 0 ? undefined : this.#byHost.get(hostName(host));
    const found = own?.find('GET', path) ?? this.#anyHost.find('GET', path);
    if (found === null) return undefined;
    const entry = found.store as PathEntry | null;
    if (entry === null) throw badRequest('The path is not valid percent-encoded UTF-8.');
    const parameters = found.params;
    for (const name in parameters) {
      const value = parameters[name] as string;
      if (value === '') return undefined;
      if (!harmless(value, name)) {
        throw badRequest(
          'The path has a control character or a "." or ".." segment; leave it out.',
        );
      }
    }
    const route = entry.byMethod.get(method) ?? preflighted(entry, preflightFor);
    return route === undefined
      ? { route, template: entry.template, allow: entry.allow }
      : { route, template: entry.template, parameters };
  }

  #router(host: string | undefined): ReturnType<typeof newRouter> {
    if (host === undefined) return this.#anyHost;
    const name = host.toLowerCase();
    let router = this.#byHost.get(name);
    if (router === undefined) this.#byHost.set(name, (router = newRouter()));
    return router;
  }
}

function newRouter() {
  return findMyWay({
    caseSensitive: true,
    maxParamLength: MAX_PARAMETER_LENGTH,
    // Queries pass as they are.
    querystringParser: () => ({}),
    // Its answer is told by a store of null.
    onBadUrl: noop,
  });
}

/** The router only finds: what answers is in its store. */
function noop(): void {}

/** @throws TypeError when a route cannot be added to the path's others. */
function checkSamePath(entry: PathEntry, { template, methods }: Route): void {
  if (entry.template.text !== template.text) {
    throw new TypeError(
      `${template.text} and ${entry.template.text} are the same path; name their parameters alike`,
    );
  }
  for (const method of methods) {
    if (entry.own.has(method)) {
      throw new TypeError(`${method} ${template.text} is there twice; keep one`);
    }
  }
}

/** A path that has GET answers HEAD too, and says so. */
function finish(entry: PathEntry): void {
  const get = entry.own.get('GET');
  entry.byMethod = get === undefined ? entry.own : new Map([['HEAD', get], ...entry.own]);
  entry.allow = [...entry.byMethod.keys()].sort().join(', ');
}

function preflighted({ byMethod }: PathEntry, method: string | undefined): Route | undefined {
  const route = method === undefined ? undefined : byMethod.get(method);
  return route?.answersPreflight ? route : undefined;
}

const CONTROL = /[\u0000-\u001f\u007f]/;

function harmless(value: string, name: string): boolean {
  if (CONTROL.test(value)) return false;
  if (name !== '*') return value !== '.' && value !== '..';
  return !value.split('/').some((segment) => segment === '.' || segment === '..');
}

function hostName(host: string | undefined): string {
  if (host === undefined) return '';
  const name = host.toLowerCase();
  const port = name.lastIndexOf(':');
  return port > name.lastIndexOf(']') ? name.slice(0, port) : name;
}
