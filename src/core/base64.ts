const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** RFC 4648 4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3);
    const left = bytes.length - i;
    text += (ALPHABET[a >> 2] ?? '') + (ALPHABET[((a & 3) << 4) | (b >> 4)] ?? '');
    text += left > 1 ? (ALPHABET[((b & 15) << 2) | (c >> 6)] ?? '') : '=';
    text += left > 2 ? (ALPHABET[c & 63] ?? '') : '=';
  }
  return text;
}

/** The bytes of padded base64 (RFC 4648 4), undefined for anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < text.length - padding; i++) {
    const digit = ALPHABET.indexOf(text[i] ?? '');
    if (digit < 0) return undefined;
    held = ((held & 0x3ff) << 6) | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
    }
  }
  // Bits that belong to no byte must be zero, else several texts would mean the same bytes (RFC 4648 3.5).
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}
