import { fail, ok, type Result } from '../../core/result.ts';

/** The headings under which `--help` lists options, in this order. */
export const GROUPS = ['Servers', 'Network', 'Expectations', 'Schedule', 'Endpoint', 'Output', 'Options'] as const;

export type OptionGroup = (typeof GROUPS)[number];

/**
 * One option of the command line. The value's type, the parser, the help and the completion all come from this, so they
 * cannot disagree. Every value is read as text: `-p 0123` is a password, not a number.
 */
export interface Option<T> {
  /** A flag stands alone, any other option takes a value. */
  readonly takesValue: boolean;
  readonly repeatable: boolean;
  /** One letter. */
  readonly alias?: string;
  readonly group: OptionGroup;
  /** For `--help`: what it does. */
  readonly help: string;
  /** For `--help`: the name of the value. */
  readonly placeholder?: string;
  /** For `--help` and completion, where only these are allowed. */
  readonly choices?: readonly string[];
  /** For completion: the value is a path. */
  readonly isFile?: boolean;
  /** The value as given: never empty. A failure says what it should be: `a number of seconds, like 10 or 2.5`. */
  read(values: readonly string[]): Result<T, string>;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What a table's options were given; an option that was not is absent. */
export type ValuesOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]?: Table[Name] extends Option<infer T> ? T : never;
};

interface Common {
  readonly group: OptionGroup;
  readonly help: string;
  readonly alias?: string;
}

interface WithValue extends Common {
  readonly placeholder: string;
}

export function flag(about: Common): Option<boolean> {
  return { ...about, takesValue: false, repeatable: false, read: () => ok(true) };
}

export function text(about: WithValue & { readonly isFile?: boolean }): Option<string> {
  return one(about, ok);
}

export function choice<const T extends string>(choices: readonly T[], about: Common): Option<T> {
  const read = (given: string): Result<T, string> => {
    const found = choices.find((known) => known === given);
    return found === undefined ? fail(`one of ${choices.join(', ')}`) : ok(found);
  };
  return { ...one({ ...about, placeholder: choices.join('|') }, read), choices };
}

/** A decimal number within bounds, both allowed. */
export function number(about: WithValue & NumberBounds): Option<number> {
  return one(about, (given) => {
    const value = /^[0-9]+(?:\.[0-9]+)?$/.test(given) ? Number(given) : Number.NaN;
    const fits = value >= about.min && value <= about.max && (about.whole !== true || Number.isInteger(value));
    const kind = about.whole === true ? 'a whole number' : 'a number';
    return fits ? ok(value) : fail(`${kind}${about.unit ?? ''} from ${about.min} to ${about.max}`);
  });
}

interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
  /** As it follows "a number": ` of seconds`. */
  readonly unit?: string;
}

/** May be given several times; the values in order. */
export function repeatable<T>(option: Option<T>): Option<readonly T[]> {
  return {
    ...option,
    repeatable: true,
    read(values) {
      const read: T[] = [];
      for (const value of values) {
        const result = option.read([value]);
        if (!result.ok) return result;
        read.push(result.value);
      }
      return ok(read);
    },
  };
}

/** An option with a reader of its own. */
export function one<T>(
  about: WithValue & { readonly isFile?: boolean },
  read: (given: string) => Result<T, string>,
): Option<T> {
  const { placeholder, isFile, alias, group, help } = about;
  return {
    group,
    help,
    placeholder,
    ...(alias === undefined ? {} : { alias }),
    ...(isFile === undefined ? {} : { isFile }),
    takesValue: true,
    repeatable: false,
    read: ([given = '']) => read(given),
  };
}
