// Node and browsers both have these two; the portable compile knows neither's types, so the little that is used is said here.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

// Names, realms and nonces are nearly always ASCII, for which the encoder's array is most of the cost.

/** How many bytes the text has in UTF-8. */
export function utf8Length(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return encoder.encode(text).length;
  return text.length;
}

/** Writes the text in UTF-8 at `offset`, `utf8Length(text)` bytes. */
export function writeUtf8(text: string, target: Uint8Array, offset: number): void {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) {
      target.set(encoder.encode(text), offset);
      return;
    }
    target[offset + i] = unit;
  }
}

/** The text of the bytes, or undefined where they are not well-formed UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text of the bytes with U+FFFD for what is not UTF-8: for showing, never for comparing. */
export function showUtf8(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}
