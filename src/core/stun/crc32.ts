/** CRC-32 of ITU-T V.42, as RFC 8489 14.7 uses it. Four bytes a step: each has a table for its distance to the end. */
export function crc32(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~3;
  let crc = -1;
  let at = 0;
  for (; at < whole; at += 4) {
    crc ^= byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24);
    crc = entry(3, crc) ^ entry(2, crc >>> 8) ^ entry(1, crc >>> 16) ^ entry(0, crc >>> 24);
  }
  for (; at < length; at++) crc = entry(0, crc ^ byte(bytes, at)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function entry(distance: number, value: number): number {
  return TABLES[(distance << 8) | (value & 0xff)] ?? 0;
}

const TABLES = makeTables();

function makeTables(): Int32Array {
  // Signed, for engines keep a number above 2^31 in a slower form.
  const tables = new Int32Array(4 * 256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    tables[n] = crc;
  }
  for (let n = 256; n < tables.length; n++) {
    const nearer = tables[n - 256] ?? 0;
    tables[n] = (nearer >>> 8) ^ (tables[nearer & 0xff] ?? 0);
  }
  return tables;
}
