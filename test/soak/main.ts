// Holds the local server, the page and the monitor under load for as long as one likes, and looks whether all comes back.
import { parseArgs } from 'node:util';
import { soakPage } from './page.ts';
import { soakServer } from './server.ts';

const PARTS = ['server', 'page'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, runs: { type: 'string' } },
});
const minutes = Number(values.minutes ?? 1);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const runs = Number(values.runs ?? 100);
const wanted = PARTS.filter((part) => positionals.length === 0 || positionals.includes(part));

if (
  !(minutes > 0) ||
  !Number.isInteger(seed) ||
  !(runs > 0) ||
  positionals.some((each) => !PARTS.some((part) => part === each))
) {
  console.error(
    `usage: npm run soak -- [${PARTS.join('|')}] [--minutes N (of the server)] [--runs N (of the page)] [--seed N]`,
  );
  process.exitCode = 2;
} else {
  const problems: string[] = [];
  const say = (line: string): void => console.log(`  ${line}`);
  if (wanted.includes('server')) {
    console.log(`server: ${minutes} minutes, seed ${seed}`);
    const soak = await soakServer(minutes * 60_000, seed, say);
    const { clients, served, hostilePackets, faults } = soak;
    console.log(`  ${clients} clients, ${served} served in full, ${hostilePackets} hostile packets, ${faults} faults`);
    problems.push(...soak.problems.map((problem) => `server: ${problem}`));
  }
  if (wanted.includes('page')) {
    console.log(`page: ${runs} runs`);
    const soak = await soakPage(runs, say);
    problems.push(...soak.problems.map((problem) => `page: ${problem}`));
  }
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? 'all came back' : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
