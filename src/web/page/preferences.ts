import { isLanguage, type Language, preferredLanguage } from './strings.ts';

export type Theme = 'auto' | 'light' | 'dark';

const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

/** What a person chose about the page itself; remembered where the browser lets it be. */
export function readPreference(name: 'theme' | 'language'): string | null {
  try {
    return localStorage.getItem(`iceprobe.${name}`);
  } catch {
    return null;
  }
}

export function keepPreference(name: 'theme' | 'language', value: string): void {
  try {
    localStorage.setItem(`iceprobe.${name}`, value);
  } catch {
    // A file opened from disk may have no storage: it is chosen anew next time.
  }
}

export function chosenTheme(): Theme {
  const kept = readPreference('theme');
  return THEMES.find((theme) => theme === kept) ?? 'auto';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'auto') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme);
}

export function chosenLanguage(): Language {
  const kept = readPreference('language');
  return kept !== null && isLanguage(kept) ? kept : preferredLanguage();
}
