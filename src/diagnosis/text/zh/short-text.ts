import type { FindingText } from '../table.ts';

/** What a page shows of a finding; the longer explanations are those of `iceprobe explain`. */
export type ShortText = Pick<FindingText, 'title' | 'detail' | 'fix'>;
