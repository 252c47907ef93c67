import { toHex } from '../../core/bytes.ts';
import type { Secret } from '../../core/secret.ts';
import { encodeUtf8 } from '../../core/utf8.ts';
import { VERSION } from '../../core/version.ts';
import type { PostOutcome } from '../../monitor/webhook.ts';
import { nodeHashes } from '../../net/hashes.ts';
import { UsageError } from '../errors.ts';
import { authorization, describeFetchError, withoutUserinfo } from '../servers/fetch.ts';

const TIMEOUT_MS = 10_000;

/** Throws {@link UsageError}. The text may hold a token: no message shows it. */
export function parseWebhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError('--webhook is no web address', 'write --webhook https://HOST/PATH, or set ICEPROBE_WEBHOOK');
}

/**
 * Posts JSON; with a secret it is signed: `x-iceprobe-signature: sha256=` and the HMAC-SHA256 of the body in lowercase hex.
 * The result never rejects.
 */
export function poster(
  url: URL,
  secret: Secret | undefined,
): (body: string, signal: AbortSignal) => Promise<PostOutcome> {
  return async (body, signal) => {
    const end = new AbortController();
    const abort = (): void => end.abort();
    signal.addEventListener('abort', abort, { once: true });
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      end.abort();
    }, TIMEOUT_MS);
    try {
      const response = await fetch(withoutUserinfo(url), {
        method: 'POST',
        // A redirect could lead the changes, and what signs them, to anybody.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': `iceprobe/${VERSION}`,
          ...authorization(url),
          ...(secret === undefined ? {} : { 'x-iceprobe-signature': `sha256=${signatureOf(secret, body)}` }),
        },
        body,
        signal: end.signal,
      });
      // What it says is of no interest, and may be endless.
      await response.body?.cancel();
      return response.ok ? { ok: true } : refused(response);
    } catch (error) {
      const why = isLate ? `no answer within ${TIMEOUT_MS / 1000} s` : describeFetchError(error);
      return { ok: false, isFinal: false, why };
    } finally {
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
    }
  };
}

function refused({ status, statusText }: Response): PostOutcome {
  // The request itself is at fault: it would be refused again. A wrong login or address may be mended meanwhile.
  const isFinal = [400, 413, 415, 422].includes(status);
  return { ok: false, isFinal, why: `it answers ${status} ${statusText}`.trimEnd() };
}

function signatureOf(secret: Secret, body: string): string {
  return toHex(nodeHashes.hmacSha256(encodeUtf8(secret.reveal()), encodeUtf8(body)));
}
