import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { chooseCommand } from '../../../src/cli/choose-command.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { parseArguments } from '../../../src/cli/options/parse.ts';
import { parseServerUri } from '../../../src/core/stun/uri.ts';

const read = (name: string): string => readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');

/** As a shell would split it, as far as the examples go. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|([^\s,[\]]+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Fails unless iceprobe takes these arguments, and each URL among them is one. */
async function expectUsable(args: readonly string[]): Promise<void> {
  const chosen = chooseCommand(args, Object.keys(COMMANDS));
  expect(chosen.name).toBe('check');
  const { command } = (await COMMANDS['check']?.load()) ?? {};
  const { positionals } = parseArguments(chosen.args, command?.options ?? {});
  expect(positionals.length).toBeGreaterThan(0);
  for (const url of positionals) expect(parseServerUri(url), url).toMatchObject({ ok: true });
}

describe('the examples', () => {
  test('GitLab CI calls check with what it takes, and keeps the report that it names', async () => {
    const text = read('gitlab-ci.yml');
    const line = /^ {4}- npx --yes iceprobe (.*)$/m.exec(text)?.[1] ?? '';
    await expectUsable(words(line));
    const report = /--report junit=(\S+)/.exec(line)?.[1];
    expect(text).toMatch(new RegExp(`^ +junit: ${report}$`, 'm'));
  });

  test('the CronJob calls check with what it takes, in the image of the Dockerfile, as its user', async () => {
    const text = read('kubernetes-cronjob.yaml');
    const args = /^ +args: \[(.*)\]$/m.exec(text)?.[1] ?? '';
    await expectUsable(words(args));
    expect(text).toMatch(/runAsNonRoot: true/);
    const dockerfile = read('Dockerfile');
    // Kubernetes sees by a number alone that it is not root.
    expect(dockerfile).toMatch(/^USER [1-9]\d*$/m);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["iceprobe"\]$/m);
    const [, major] = /^FROM node:(\d+)-slim$/m.exec(dockerfile) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(20);
  });
});
