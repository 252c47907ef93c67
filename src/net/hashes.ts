import { createHash, createHmac } from 'node:crypto';
import type { Hashes } from '../core/hashes.ts';

/** From Node's crypto: synchronous, which is what the core asks for. */
export const nodeHashes: Hashes = {
  hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  md5: (data) => createHash('md5').update(data).digest(),
  sha256: (data) => createHash('sha256').update(data).digest(),
};
