import { request } from 'undici';
import { LoadError } from './failure.ts';

/**
 * Finds out before the load whether a Prometheus takes what k6 sends; k6 itself would go on without.
 *
 * @throws LoadError
 */
export async function requireReceiver(prometheus: string): Promise<void> {
  const url = `${prometheus}/api/v1/write`;
  let status: number;
  try {
    // No samples: it is refused by who takes some, and not found elsewhere.
    const response = await request(url, { method: 'POST', headersTimeout: 10_000 });
    await response.body.dump();
    status = response.statusCode;
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    throw new LoadError(
      `Prometheus at ${prometheus} does not answer (${code ?? message}). Start it, or leave ` +
        '--prometheus out.',
      { cause },
    );
  }
  if (status !== 404 && status !== 405) return;
  throw new LoadError(
    `${url} answers ${status}: this Prometheus takes no remote writes. Start it with ` +
      '--web.enable-remote-write-receiver and --enable-feature=native-histograms.',
  );
}
