import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { TlsConfig } from '../config/upstream-config.ts';

/** How connections to an upstream are made safe; the system's authorities count unless `ca` is given. */
export interface UpstreamTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
}

/**
 * Reads the files of an upstream's `tls`, relative to `folder`.
 * @throws TypeError when one cannot be read or is no PEM, or a key does not fit its certificate.
 */
export function readTls({ ca, cert, key, servername }: TlsConfig, folder: string): UpstreamTls {
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError('a client certificate needs both "cert" and "key"; give the other one too');
  }
  const tls: UpstreamTls = {
    ...(ca !== undefined && { ca: readPem(ca, folder) }),
    ...(cert !== undefined && { cert: readPem(cert, folder) }),
    ...(key !== undefined && { key: readPem(key, folder) }),
    ...(servername !== undefined && { servername }),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new TypeError(
      `the files of "tls" do not go together (${(error as Error).message}); give PEM files, and the key of the certificate`,
    );
  }
  return tls;
}

/** Tells the contents of `tls` apart: a renewed certificate must make new connections. */
export function fingerprintOf({ ca, cert, key, servername = '' }: UpstreamTls): string {
  const hash = createHash('sha256').update(servername);
  for (const part of [ca, cert, key]) hash.update('\0').update(part ?? '');
  return hash.digest('base64url');
}

function readPem(file: string, folder: string): Buffer {
  let pem: Buffer;
  try {
    pem = readFileSync(resolve(folder, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TypeError(`"${file}" cannot be read (${code}); name a PEM file that is there`);
  }
  if (!pem.includes('-----BEGIN ')) throw new TypeError(`"${file}" is no PEM file`);
  return pem;
}
