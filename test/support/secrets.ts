import { expect } from 'vitest';

/** As it stands, as JSON, a URL and HTML would write it, in base64 and in hex. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    secret.replaceAll('+', '&#43;').replaceAll('=', '&#61;'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

/** No secret stands in it, in any form. */
export function expectSilent(text: string, secrets: readonly string[]): void {
  for (const form of secrets.flatMap(formsOf)) expect(text).not.toContain(form);
}
