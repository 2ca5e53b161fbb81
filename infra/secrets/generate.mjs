// Makes every password of the compose stack once and writes, for each container, the files that it
// may read into a volume of its own. Run again, it writes the same files from the passwords it kept.
//
//   node generate.mjs         write the files (compose does this before anything else starts)
//   node generate.mjs show    print the log-ins of the pages that people open
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.SECRETS_ROOT ?? '/secrets';
const services = process.env.SERVICES?.split(',') ?? ['user', 'product', 'logistics', 'order'];
const keepFile = join(root, 'master', 'passwords.json');

const kept = existsSync(keepFile) ? JSON.parse(readFileSync(keepFile, 'utf8')) : {};
const password = (name) => (kept[name] ??= randomBytes(24).toString('base64url'));

/** RabbitMQ keeps a salted SHA-256; the salt is derived so that a second run writes the same file. */
function rabbitHash(secret) {
  const salt = createHash('sha256').update(`salt:${secret}`).digest().subarray(0, 4);
  const digest = createHash('sha256')
    .update(Buffer.concat([salt, Buffer.from(secret)]))
    .digest();
  return Buffer.concat([salt, digest]).toString('base64');
}

const files = [];
const write = (volume, name, text) => files.push({ volume, name, text });

function put(volume, name, text, mode) {
  const folder = join(root, volume);
  mkdirSync(folder, { recursive: true });
  // Renamed into place: without capabilities even root may not write over a read-only file.
  const file = join(folder, name);
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}

function show() {
  for (const [page, user, name] of [
    ['RabbitMQ  http://localhost:15672', 'admin', 'rabbitmq/admin'],
    ['Grafana   http://localhost:3000', 'admin', 'grafana/admin'],
  ]) {
    console.log(`${page}  user ${user}  password ${kept[name] ?? '(not made yet)'}`);
  }
}

function generate() {
  write('postgres', 'superuser', password('postgres/superuser'));
  write(
    'postgres',
    'roles',
    services
      .map((s) => `${s} ${password(`postgres/${s}_owner`)} ${password(`postgres/${s}_app`)}\n`)
      .join(''),
  );
  write(
    'pgbouncer',
    'userlist.txt',
    services.map((s) => `"${s}_app" "${password(`postgres/${s}_app`)}"\n`).join(''),
  );
  const redisUsers = [...services, 'gateway'].map(
    (s) => `user ${s} on >${password(`redis/${s}`)} ~* &* +@all -@admin -@dangerous +info +keys`,
  );
  // The exporter reads figures, never keys.
  const redisMonitor = `user monitoring on >${password('redis/monitoring')} -@all +info +ping +client|setname +slowlog|len +slowlog|get +latency|latest`;
  write('redis', 'users.acl', ['user default off', ...redisUsers, redisMonitor, ''].join('\n'));
  write('rabbitmq', 'definitions.json', JSON.stringify(rabbitDefinitions(), null, 2));
  write('grafana', 'admin', password('grafana/admin'));
  write('postgres', 'monitoring', password('postgres/monitoring'));
  write('postgres-exporter', 'password', password('postgres/monitoring'));
  const redisUrl = 'redis://monitoring@redis:6379';
  write(
    'redis-exporter',
    'passwords.json',
    JSON.stringify({ [redisUrl]: password('redis/monitoring') }),
  );
  for (const s of services) {
    write(
      s,
      'database-url',
      `postgres://${s}_app:${password(`postgres/${s}_app`)}@pgbouncer:6432/${s}`,
    );
    write(
      s,
      'database-direct-url',
      `postgres://${s}_owner:${password(`postgres/${s}_owner`)}@postgres:5432/${s}`,
    );
    write(s, 'redis-url', `redis://${s}:${password(`redis/${s}`)}@redis:6379`);
    write(s, 'amqp-url', `amqp://${s}:${password(`rabbitmq/${s}`)}@rabbitmq:5672`);
  }
  write('gateway', 'redis-url', `redis://gateway:${password('redis/gateway')}@redis:6379`);
  // Kept before they are handed out, so that a run cut short in between changes nothing.
  put('master', 'passwords.json', JSON.stringify(kept, null, 2), 0o600);
  // Each volume is mounted into one container alone, whose user differs from image to image.
  for (const { volume, name, text } of files) put(volume, name, text, 0o444);
}

/** A service configures and reads its own queues, and may publish to the shared exchanges. */
function rabbitDefinitions() {
  const user = (name, tags) => ({
    name,
    password_hash: rabbitHash(password(`rabbitmq/${name}`)),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags,
  });
  return {
    users: [user('admin', ['administrator']), ...services.map((s) => user(s, []))],
    vhosts: [{ name: '/' }],
    permissions: [
      { user: 'admin', vhost: '/', configure: '.*', write: '.*', read: '.*' },
      ...services.map((s) => ({
        user: s,
        vhost: '/',
        // A passive declaration of `amq.topic` is how a connection is probed.
        configure: `^((woodytoys|${s})\\..*|amq\\.topic)$`,
        write: `^((woodytoys|${s})\\..*|amq\\.default)$`,
        read: `^(woodytoys|${s})\\..*`,
      })),
    ],
  };
}

if (process.argv[2] === 'show') show();
else if (process.argv[2] === undefined) generate();
else {
  console.error(`generate.mjs: unknown command ${process.argv[2]}; expected nothing or "show"`);
  process.exit(2);
}
