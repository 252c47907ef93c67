import { describe, expect, it } from 'vitest';
import { FINDING_IDS } from '../../../src/diagnosis/catalogue.ts';
import { ENGLISH } from '../../../src/diagnosis/text/en.ts';
import { CHINESE, chineseRuledOut, chineseWordsOf } from '../../../src/diagnosis/text/zh.ts';

const namesIn = (text: string): Set<string> => new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''));

describe('the findings in Chinese', () => {
  it('are there, but for a few that may be new, and all mean findings that exist', () => {
    const missing = FINDING_IDS.filter((id) => CHINESE[id] === undefined);
    expect(missing.length, `without Chinese words: ${missing.join(', ')}`).toBeLessThanOrEqual(5);
    expect(Object.keys(CHINESE).filter((id) => !(FINDING_IDS as readonly string[]).includes(id))).toEqual([]);
  });

  it.each(Object.keys(CHINESE))('%s says nothing that the English words do not know', (id) => {
    const english = ENGLISH.findings[id as keyof typeof ENGLISH.findings];
    const known = namesIn(`${english.title} ${english.detail} ${english.fix}`);
    const { title = '', detail = '', fix = '' } = CHINESE[id] ?? {};
    expect([...namesIn(`${title} ${detail} ${fix}`)].filter((name) => !known.has(name))).toEqual([]);
    // Brackets that were opened are closed: what is left over would be shown.
    const words = chineseWordsOf({ id, params: {} });
    expect(`${words?.title} ${words?.detail} ${words?.fix}`).not.toMatch(/\[\[|\]\]/);
  });

  it('fill in what was seen', () => {
    const params = { host: 'turn.example.org', endpoint: '192.0.2.1:3478', protocol: 'UDP', port: 3478, tookMs: 12 };
    expect(chineseWordsOf({ id: 'net.refused', params })).toMatchObject({
      title: '服务器的 UDP 端口 3478 上没有程序监听',
      detail: '192.0.2.1:3478 在 12 ms 后拒绝了 UDP',
    });
    expect(chineseWordsOf({ id: 'ice.vantages-differ', params: { works: 'terminal' } })?.title).toBe(
      '终端可以连通，浏览器不行',
    );
    expect(chineseRuledOut('loss', { requests: 4 })).toBe('丢包（连续 4 个请求没有应答）');
    expect(chineseWordsOf({ id: 'unheard.of', params: {} })).toBeUndefined();
  });
});
