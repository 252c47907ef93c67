/**
 * RFC 8265 4.2, OpaqueString: spaces other than U+0020 become U+0020, then NFC. Nothing is refused here: whether a server
 * takes a name is the server's to say, and the tool's to report.
 */
export function opaqueString(text: string): string {
  return ASCII.test(text) ? text : text.replace(SPACE_SEPARATOR, ' ').normalize('NFC');
}

/** RFC 4013, SASLprep's mapping and normalisation (2.1 and 2.2): characters mapped to nothing vanish, then NFKC. */
export function saslPrep(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(NON_ASCII_SPACE, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
}

const ASCII = /^[\x20-\x7e]*$/;

// Unicode's category Zs but for U+0020.
const SPACE_SEPARATOR = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;

// RFC 3454 C.1.2, which counts the zero width space in.
const NON_ASCII_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;

// RFC 3454 B.1.
const MAPPED_TO_NOTHING =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: a table of single code points, not of graphemes.
  /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/g;
