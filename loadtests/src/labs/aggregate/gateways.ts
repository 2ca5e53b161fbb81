import { composeConfiguration } from '../../lab/compose.ts';
import type { Configuration } from '../../lab/lab.ts';
import { programsConfiguration } from '../../lab/program.ts';
import { gatewayProgram, originalProgram } from '../originals.ts';

/** What answers `/api/{userId}/{productId}`, and where. */
export interface Contender {
  readonly key: 'monolith' | 'naive' | 'naiveKept' | 'ours' | 'entry';
  readonly title: string;
  readonly origin: string;
}

export interface Arena {
  readonly part: 'services' | 'trivial';
  readonly configuration: Configuration;
  readonly contenders: readonly Contender[];
}

const titles = {
  monolith: 'monolith',
  naive: 'naive gateway',
  naiveKept: 'naive gateway, connections kept',
  ours: 'ours',
  entry: 'ours behind nginx',
} as const;

const local = (port: number) => `http://127.0.0.1:${port}`;
const contender = (key: Contender['key'], origin: string): Contender => ({
  key,
  title: titles[key],
  origin,
});

const stackPorts = { NAIVE_PORT: 18_690, NAIVE_KEPT_PORT: 18_691, GATEWAY_PORT: 18_692 };

/** The compose stack: the naive gateways stand beside ours, before the same services. */
export function servicesArena(): Arena {
  const configuration = composeConfiguration({
    name: 'services',
    title: 'our services',
    files: ['loadtests/originals/docker-compose.yml'],
    ports: Object.values(stackPorts),
    environment: Object.fromEntries(
      Object.entries(stackPorts).map(([name, port]) => [name, String(port)]),
    ),
  });
  return {
    part: 'services',
    configuration,
    contenders: [
      contender('naive', local(stackPorts.NAIVE_PORT)),
      contender('naiveKept', local(stackPorts.NAIVE_KEPT_PORT)),
      contender('ours', local(stackPorts.GATEWAY_PORT)),
      contender('entry', ''),
    ],
  };
}

const ports = {
  user: 18_670,
  product: 18_671,
  monolith: 18_672,
  naive: 18_673,
  naiveKept: 18_674,
  ours: 18_675,
  oursOwn: 18_676,
};

/** Processes: the design's two services, which make up their answers, and every gateway before them. */
export function trivialArena(): Arena {
  const services = {
    USERS_URL: `${local(ports.user)}/user`,
    PRODUCTS_URL: `${local(ports.product)}/product`,
  };
  const configuration = programsConfiguration({
    name: 'trivial',
    title: 'services that only answer',
    programs: [
      originalProgram('user-product-services', { port: ports.user }),
      originalProgram('user-product-services', { port: ports.product }),
      originalProgram('user-product-monolith', { port: ports.monolith }),
      originalProgram('naive-gateway', { port: ports.naive, environment: services }),
      originalProgram('naive-gateway', {
        port: ports.naiveKept,
        environment: { ...services, KEEP_ALIVE: 'true' },
      }),
      gatewayProgram('loadtests/originals/user-product/gateway.yaml', {
        port: ports.ours,
        environment: {
          USER_UPSTREAM: local(ports.user),
          PRODUCT_UPSTREAM: local(ports.product),
        },
      }),
    ],
    target: local(ports.ours),
    ports: Object.values(ports),
  });
  return {
    part: 'trivial',
    configuration,
    contenders: [
      contender('monolith', local(ports.monolith)),
      contender('naive', local(ports.naive)),
      contender('naiveKept', local(ports.naiveKept)),
      contender('ours', local(ports.ours)),
    ],
  };
}
