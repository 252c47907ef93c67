/**
 * Text from the network in a form that a terminal can show: control characters, the marks that reorder text, and lone
 * surrogates are written as escapes, so that a server's SOFTWARE cannot move a cursor or forge a line.
 */
export function printable(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFE_ALL, escaped) : text;
}

// C0, DEL, C1; soft hyphen; zero-width and bidirectional marks; line and paragraph separators; what no XML may hold; lone surrogates.
const PATTERN =
  '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufffe\\uffff]|\\p{Surrogate}';
const UNSAFE = new RegExp(PATTERN, 'u');
const UNSAFE_ALL = new RegExp(PATTERN, 'gu');

function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
