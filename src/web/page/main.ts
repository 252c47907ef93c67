import { App } from './app.ts';
import { applyTheme, chosenLanguage, chosenTheme } from './preferences.ts';
import { embeddedReport } from './saved.ts';
import { useLanguage } from './strings.ts';
import { PageSource } from './view/share.ts';

// Before anything is drawn: what is kept as a file is the page as it came.
const source = new PageSource();
useLanguage(chosenLanguage());
applyTheme(chosenTheme());
// The ticket in the address is spent: it has no place in a bookmark.
if (location.search !== '') history.replaceState(null, '', `${location.pathname}${location.hash}`);
new App(document.getElementById('app') ?? document.body, source, embeddedReport());
