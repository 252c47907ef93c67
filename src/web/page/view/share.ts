import { redactReport } from '../../../record/redact.ts';
import type { Report } from '../../../record/report.ts';
import { html } from '../../../report/html.ts';
import { json } from '../../../report/json.ts';
import { markdown } from '../../../report/markdown.ts';
import { ndjsonLine } from '../../../report/ndjson.ts';

export type SaveFormat = 'json' | 'ndjson' | 'html' | 'markdown';

const TYPES: Readonly<Record<SaveFormat, readonly [extension: string, type: string]>> = {
  json: ['json', 'application/json'],
  ndjson: ['ndjson', 'application/x-ndjson'],
  html: ['html', 'text/html'],
  markdown: ['md', 'text/markdown'],
};

/** Hands a file to whoever looks at the page. `report` comes with all its events. */
export async function save(report: Report, format: SaveFormat, masked: boolean, page: PageSource): Promise<void> {
  const shown = masked ? redactReport(report) : report;
  const [extension, type] = TYPES[format];
  const text = await textOf(shown, format, page);
  const link = document.createElement('a');
  const time = report.startedAt.replace(/[:.]/g, '-').slice(0, 19);
  link.download = `iceprobe-${time}.${extension}`;
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.href = url;
  link.click();
  // The download has begun by then; the text need not stay in memory.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function textOf(report: Report, format: SaveFormat, page: PageSource): Promise<string> {
  switch (format) {
    case 'json':
      return json(report);
    case 'ndjson':
      return (report.events ?? []).map((event) => ndjsonLine(event)).join('');
    case 'html':
      return html(report, await page.asFile());
    case 'markdown':
      return markdown(report);
  }
}

/** For a ticket: the report in words, masked. */
export function redactedText(report: Report): string {
  return markdown(redactReport(report));
}

/** False where the browser does not let a page copy. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The page's own source, as it came and before it was filled. */
export class PageSource {
  readonly #html = `<!doctype html>\n${document.documentElement.outerHTML}`;

  /** With its content security policy: the server sends that in a header, a file carries it along. */
  async asFile(): Promise<string> {
    if (this.#html.includes('http-equiv="Content-Security-Policy"')) return this.#html;
    const script = document.querySelector('script')?.textContent ?? '';
    const style = document.querySelector('style')?.textContent ?? '';
    const policy = `default-src 'none'; script-src ${await hashOf(script)}; style-src ${await hashOf(style)}; img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'`;
    const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
    return this.#html.replace('<meta charset="utf-8">', (charset) => `${charset}\n${meta}`);
  }
}

async function hashOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}'`;
}
