import { chineseRuledOut, chineseWordsOf } from '../../diagnosis/text/zh.ts';
import type { Finding } from '../../record/finding.ts';
import { EN, type StringKey, type Strings } from './strings/en.ts';
import { ZH } from './strings/zh.ts';

export type Language = 'en' | 'zh-CN';

export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', 'zh-CN': '简体中文' };

const TABLES: Readonly<Record<Language, Strings>> = { en: EN, 'zh-CN': ZH };

export function isLanguage(text: string): text is Language {
  return text in TABLES;
}

let language: Language = 'en';

export function currentLanguage(): Language {
  return language;
}

export function useLanguage(chosen: Language): void {
  language = chosen;
  document.documentElement.lang = chosen;
}

/** The browser's, where there is a table for it. */
export function preferredLanguage(): Language {
  return navigator.languages.some((each) => each.startsWith('zh')) && !navigator.language.startsWith('en')
    ? 'zh-CN'
    : 'en';
}

export type { StringKey } from './strings/en.ts';

export function t(key: StringKey, values: Readonly<Record<string, string | number>> = {}): string {
  return TABLES[language][key].replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''));
}

export function isStringKey(key: string): key is StringKey {
  return key in EN;
}

/** A finding in the page's language; in English where there are no words for it. */
export function findingWords(finding: Finding): Pick<Finding, 'title' | 'detail' | 'fix'> & { readonly lang?: string } {
  if (language === 'en') return finding;
  return chineseWordsOf(finding) ?? { title: finding.title, detail: finding.detail, fix: finding.fix, lang: 'en' };
}

export function ruledOutWords({ params, ruledOut }: Finding): readonly string[] {
  return ruledOut.map(({ key, cause, because }) => {
    const own = language === 'en' ? undefined : chineseRuledOut(key, params);
    return own ?? `${cause} (${because})`;
  });
}
