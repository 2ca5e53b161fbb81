import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../programs.ts';
import type { Candidate, CandidateContext } from './candidate.ts';

const run = promisify(execFile);

/** A gateway that is measured where it is installed: one worker, kept connections, no log. */
interface Installed {
  readonly key: string;
  readonly title: string;
  readonly versionArguments: readonly string[];
  /** Its files by name. */
  files(context: CandidateContext): Readonly<Record<string, string>>;
  args(directory: string): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const nginx: Installed = {
  key: 'nginx',
  title: 'nginx',
  versionArguments: ['-v'],
  args: (directory) => ['-p', directory, '-c', join(directory, 'nginx.conf')],
  files: ({ port, backendPort, directory }) => ({
    'nginx.conf': `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${directory};
  proxy_temp_path ${directory};
  fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory};
  scgi_temp_path ${directory};
  keepalive_requests 100000000;
  upstream items { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://items;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`,
  }),
};

const haproxy: Installed = {
  key: 'haproxy',
  title: 'HAProxy',
  versionArguments: ['-v'],
  args: (directory) => ['-db', '-f', join(directory, 'haproxy.cfg')],
  files: ({ port, backendPort }) => ({
    'haproxy.cfg': `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option forwardfor
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  http-reuse always
frontend entry
  bind 127.0.0.1:${port}
  default_backend items
backend items
  server one 127.0.0.1:${backendPort}
`,
  }),
};

const traefik: Installed = {
  key: 'traefik',
  title: 'Traefik',
  versionArguments: ['version'],
  args: (directory) => [`--configFile=${join(directory, 'traefik.yaml')}`],
  env: { GOMAXPROCS: '1' },
  files: ({ port, backendPort, directory }) => ({
    'traefik.yaml': `entryPoints: { web: { address: "127.0.0.1:${port}" } }
providers: { file: { filename: "${directory}/routes.yaml" } }
`,
    'routes.yaml': `http:
  routers: { items: { rule: "PathPrefix(\`/items\`)", service: items } }
  services: { items: { loadBalancer: { servers: [ { url: "http://127.0.0.1:${backendPort}" } ] } } }
  serversTransports: { default: { maxIdleConnsPerHost: 256 } }
`,
  }),
};

const krakend: Installed = {
  key: 'krakend',
  title: 'KrakenD',
  versionArguments: ['version'],
  args: (directory) => ['run', '--config', join(directory, 'krakend.json')],
  env: { GOMAXPROCS: '1' },
  files: ({ port, backendPort }) => ({
    'krakend.json': JSON.stringify({
      version: 3,
      listen_ip: '127.0.0.1',
      port,
      disable_rest: true,
      max_idle_connections_per_host: 256,
      extra_config: { router: { disable_access_log: true } },
      endpoints: [
        {
          endpoint: '/items/{id}',
          output_encoding: 'no-op',
          input_headers: ['*'],
          input_query_strings: ['*'],
          backend: [
            {
              url_pattern: '/items/{id}',
              encoding: 'no-op',
              host: [`http://127.0.0.1:${backendPort}`],
            },
          ],
        },
      ],
    }),
  }),
};

export const installed: readonly Candidate[] = [nginx, haproxy, traefik, krakend].map(toCandidate);

function toCandidate({ key, title, versionArguments, files, args, env }: Installed): Candidate {
  return {
    key,
    title,
    async launch(context) {
      const program = await findProgram(key);
      if (program === undefined) return `${key} is not on the PATH`;
      for (const [name, text] of Object.entries(files(context))) {
        await writeFile(join(context.directory, name), text);
      }
      const { stdout, stderr } = await run(program, [...versionArguments]);
      const version = /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? 'of unknown version';
      return {
        command: [program, ...args(context.directory)],
        ...(env && { env }),
        note: `${title} ${version}, one worker, no log`,
      };
    },
  };
}
