import { existsSync, readFileSync } from 'node:fs';

/** Where the built page may lie: beside the bundle, beside its chunks, or seen from the sources. */
const PLACES = ['./page.html', '../page.html', '../../../dist/page.html'];

/** The built page: one HTML file that needs no other. */
export function readBuiltPage(): string {
  const place = placeOfPage();
  if (place === undefined) throw new Error('the page is not built: page.html is missing (npm run build makes it)');
  return readFileSync(place, 'utf8');
}

/** The same as it is served, compressed by the build; undefined where there is none. */
export function readCompressedPage(): Buffer | undefined {
  const place = placeOfPage();
  const compressed = place === undefined ? undefined : new URL(`${place.href}.br`);
  return compressed !== undefined && existsSync(compressed) ? readFileSync(compressed) : undefined;
}

function placeOfPage(): URL | undefined {
  return PLACES.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
}

const META = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/;

/** The page's policy as the build wrote it, for a file opened from disk; it names its one script and style by hash. */
export function policyOf(page: string): string {
  const policy = META.exec(page)?.[1];
  if (policy === undefined) throw new Error('the page has no content security policy');
  return policy;
}

/** The page as it is served: its policy goes into the header, where it may also name the WebSocket. */
export function withoutPolicy(page: string): string {
  return page.replace(META, '');
}
