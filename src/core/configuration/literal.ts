import { fail, ok, type Result } from '../result.ts';
import { type ConfigurationError, type ConfigurationErrorCode, placeAt } from './place.ts';

/** A value of JSON, or of the JavaScript that people paste, with the offset at which it begins. */
export type Literal =
  | { readonly kind: 'object'; readonly at: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'array'; readonly at: number; readonly items: readonly Literal[] }
  | { readonly kind: 'string'; readonly at: number; readonly value: string }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'boolean'; readonly at: number; readonly value: boolean }
  | { readonly kind: 'null'; readonly at: number };

export interface Entry {
  readonly key: string;
  readonly at: number;
  readonly value: Literal;
}

/**
 * Reads JSON and, beyond it, a JavaScript object as it stands in source code: comments, single quotes, bare keys, trailing
 * commas, `const config = {...};`, `new RTCPeerConnection({...})`, `iceServers: [...]` cut out of an object. Nothing is
 * evaluated: what only a running program knows (a variable, a template) is refused with a word on what to put there.
 */
export function parseLiteral(text: string): Result<Literal, ConfigurationError> {
  try {
    return ok(new LiteralReader(text).readDocument());
  } catch (error) {
    if (error instanceof Refusal) return fail(error.reason);
    throw error;
  }
}

/** Thrown and caught in this file alone: it saves each of the reader's steps from handing a failure on. */
class Refusal extends Error {
  readonly reason: ConfigurationError;

  constructor(reason: ConfigurationError) {
    super(reason.message);
    this.reason = reason;
  }
}

const MAX_DEPTH = 32;

/** What may stand before the value: `export default`, `const x: RTCConfiguration =`, `x.y =`, `return`, `new Name(`. */
const PREFIX =
  /(?:export\s+default\s+|return\s+|(?:export\s+)?(?:const|let|var)\s+[\w$]+\s*(?::[^={[]*)?=\s*|[\w$][\w$.]*\s*=\s*|new\s+[\w$.]+\s*\(\s*)/y;

const PUNCTUATION_AFTER = /[\s;,)}\]]*/y;

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocument(): Literal {
    // A byte order mark, as Windows editors leave it.
    if (this.#text.startsWith('\ufeff')) this.#at = 1;
    this.#skip();
    if (this.#at === this.#text.length) {
      throw this.#refuse('configuration.empty', 'there is nothing in it', 'put an RTCConfiguration there', 0);
    }
    while (this.#match(PREFIX) !== undefined) this.#skip();
    const value = this.#isProperty() ? this.#readEntries(this.#at, undefined) : this.#readValue(0);
    const end = this.#at;
    // What closes the call or object that the value was cut out of; anything more was meant to be part of it.
    let before = -1;
    while (before !== this.#at) {
      before = this.#at;
      this.#match(PUNCTUATION_AFTER);
      if (this.#text.startsWith('as const', this.#at)) this.#at += 8;
      this.#skip();
    }
    if (this.#at < this.#text.length) {
      throw this.#refuse(
        'configuration.syntax',
        `more text after the value, which ends in line ${placeAt(this.#text, end).line}`,
        'give one object or one array; several servers stand in one array: [{...}, {...}]',
      );
    }
    return value;
  }

  /** `iceServers: [...]` without the braces around it. */
  #isProperty(): boolean {
    return this.#peek(/(?:[A-Za-z_$][\w$]*|"[A-Za-z_]\w*"|'[A-Za-z_]\w*')\s*:\s*[[{"'`]/y);
  }

  #readValue(depth: number): Literal {
    const at = this.#at;
    const char = this.#text[at];
    if (depth > MAX_DEPTH) {
      throw this.#refuse('configuration.syntax', 'nested too deeply', 'give the RTCConfiguration alone');
    }
    if (char === '{') {
      this.#at++;
      return this.#readEntries(at, '}', depth);
    }
    if (char === '[') return this.#readArray(depth);
    if (char === '"' || char === "'" || char === '`') {
      const value = this.#readString(char);
      this.#skip();
      if (this.#text[this.#at] === '+') throw this.#refuseExpression('text put together by +');
      return { kind: 'string', at, value };
    }
    return this.#readWord();
  }

  #readEntries(at: number, close: '}' | undefined, depth = 0): Literal {
    const entries: Entry[] = [];
    for (;;) {
      this.#skip();
      const char = this.#text[this.#at];
      if (close !== undefined && char === close) {
        this.#at++;
        return { kind: 'object', at, entries };
      }
      if (close === undefined && (char === undefined || /[;)}\]]/.test(char))) return { kind: 'object', at, entries };
      if (char === undefined) throw this.#refuseEnd('{', '}', at);
      const keyAt = this.#at;
      const key = this.#readKey();
      this.#skip();
      if (this.#text[this.#at] !== ':') {
        throw this.#refuse(
          'configuration.syntax',
          `${this.#seen()} where the colon after a key should be`,
          'write "urls": and then the value',
        );
      }
      this.#at++;
      this.#skip();
      entries.push({ key, at: keyAt, value: this.#readValue(depth + 1) });
      this.#separator('}', close === undefined);
    }
  }

  #readArray(depth: number): Literal {
    const at = this.#at++;
    const items: Literal[] = [];
    for (;;) {
      this.#skip();
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#refuseEnd('[', ']', at);
      if (char === ']') {
        this.#at++;
        return { kind: 'array', at, items };
      }
      items.push(this.#readValue(depth + 1));
      this.#separator(']', false);
    }
  }

  /** A comma, or (unread) what closes. */
  #separator(close: '}' | ']', mayEnd: boolean): void {
    this.#skip();
    const char = this.#text[this.#at];
    if (char === ',') this.#at++;
    else if (char !== close && char !== undefined && !(mayEnd && /[;)\]]/.test(char))) {
      throw this.#refuse('configuration.syntax', `${this.#seen()} where a comma or ${close} should be`, this.#advice());
    }
  }

  #advice(): string {
    return /["'`{[]/.test(this.#text[this.#at] ?? '')
      ? 'a comma is missing before it'
      : 'check the quotes and commas just before it';
  }

  #readKey(): string {
    const char = this.#text[this.#at];
    if (char === '"' || char === "'") return this.#readString(char);
    const bare = this.#match(/[A-Za-z_$][\w$]*/y);
    if (bare !== undefined) return bare;
    if (this.#text.startsWith('...', this.#at)) throw this.#refuseExpression('a spread (...)');
    throw this.#refuse('configuration.syntax', `${this.#seen()} where a key should be`, 'write "urls": or "username":');
  }

  #readString(quote: string): string {
    const start = this.#at++;
    let value = '';
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || (quote !== '`' && (char === '\n' || char === '\r'))) {
        throw this.#refuse(
          'configuration.syntax',
          `the text that begins here has no closing ${quote}`,
          `add ${quote}`,
          start,
        );
      }
      this.#at++;
      if (char === quote) return value;
      if (char === '\\') value += this.#readEscape();
      else if (quote === '`' && char === '$' && this.#text[this.#at] === '{') {
        throw this.#refuse(
          'configuration.template',
          'a template, which only the running program can fill in',
          'put the value in its place',
          this.#at - 1,
        );
      } else value += char;
    }
  }

  #readEscape(): string {
    const at = this.#at - 1;
    const char = this.#text[this.#at++];
    const unicode = char === 'u' ? this.#match(/[0-9a-fA-F]{4}/y) : char === 'x' ? this.#match(/[0-9a-fA-F]{2}/y) : '';
    if (unicode === undefined || char === undefined) {
      throw this.#refuse('configuration.syntax', 'an incomplete escape after \\', 'write \\\\ for a backslash', at);
    }
    if (unicode !== '') return String.fromCharCode(Number.parseInt(unicode, 16));
    if (char === '\n') return '';
    return ESCAPES[char] ?? char;
  }

  /** A number, `true`, `null`, or a word that means something to a program only. */
  #readWord(): Literal {
    const at = this.#at;
    const digits = this.#match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])/y);
    if (digits !== undefined) return { kind: 'number', at, value: Number(digits) };
    const word = this.#match(/[A-Za-z_$][\w$]*(?![\w.([$`])/y);
    if (word === 'true' || word === 'True') return { kind: 'boolean', at, value: true };
    if (word === 'false' || word === 'False') return { kind: 'boolean', at, value: false };
    if (word === 'null' || word === 'undefined' || word === 'None') return { kind: 'null', at };
    this.#at = at;
    if (this.#peek(/[A-Za-z_$(]/y)) {
      // A bare word may be a credential without its quotes; only what is clearly a place in a program is repeated.
      const known = this.#match(/(?:process|import\.meta)\.env\.\w+/y);
      throw this.#refuseExpression(known ?? 'a word without quotes', at);
    }
    if (this.#text[at] === '<') {
      throw this.#refuse('configuration.syntax', 'a web page or XML, and no configuration', 'give JSON');
    }
    if (this.#peek(/[\u2018-\u201f]/y)) {
      throw this.#refuse('configuration.syntax', 'typographic quotation marks', 'replace them by " or \'');
    }
    const cut = this.#text[at] === undefined;
    throw this.#refuse(
      'configuration.syntax',
      `${this.#seen()} where a value should be`,
      cut ? 'the end is missing: was it cut off?' : 'give JSON, like {"iceServers": [{"urls": "stun:HOST"}]}',
    );
  }

  #skip(): void {
    // White space, and comments of either kind.
    this.#match(/(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    return found;
  }

  #peek(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  /** One character at most: what comes next may be a credential. */
  #seen(): string {
    const char = this.#text[this.#at];
    return char === undefined ? 'the end of the text' : `"${char}"`;
  }

  #refuseExpression(what: string, at = this.#at): Refusal {
    return this.#refuse(
      'configuration.not-a-value',
      `${what}, a value only the running program knows`,
      'put the value in its place, in quotes',
      at,
    );
  }

  #refuseEnd(open: string, close: string, at: number): Refusal {
    return this.#refuse(
      'configuration.syntax',
      `the ${open} that begins here is never closed`,
      `add ${close} at its end; was the text cut off?`,
      at,
    );
  }

  #refuse(code: ConfigurationErrorCode, message: string, hint: string, at = this.#at): Refusal {
    return new Refusal({ code, message, hint, ...placeAt(this.#text, at) });
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', '0': '\0' };
