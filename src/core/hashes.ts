/**
 * The four hashes that STUN needs, synchronous: WebCrypto is asynchronous and has no MD5, so whoever drives the core
 * supplies them (`net/hashes` from Node's crypto).
 */
export interface Hashes {
  hmacSha1(key: Uint8Array, data: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  md5(data: Uint8Array): Uint8Array;
  sha256(data: Uint8Array): Uint8Array;
}
