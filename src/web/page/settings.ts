import type { IceTransportPolicy } from '../../record/report.ts';
import { h } from './dom.ts';
import { t } from './strings.ts';

/** How to gather, beside the servers. */
export class SettingsForm {
  readonly element: HTMLElement;
  readonly #policy: HTMLSelectElement;
  readonly #timeout: HTMLInputElement;
  readonly #pool: HTMLInputElement;
  readonly #perUrl: HTMLInputElement;
  readonly #microphone = h('p', { class: 'quiet', role: 'status' });

  constructor(onChange: () => void) {
    this.#policy = h(
      'select',
      { id: 'policy', onchange: onChange },
      h('option', { value: 'all' }, t('policy.all')),
      h('option', { value: 'relay' }, t('policy.relay')),
    );
    this.#timeout = h('input', { id: 'timeout', type: 'number', min: 1, max: 300, value: 10 });
    this.#pool = h('input', {
      id: 'pool',
      type: 'number',
      min: 0,
      max: 255,
      value: 0,
      'aria-describedby': 'pool-hint',
    });
    this.#perUrl = h('input', { id: 'per-url', type: 'checkbox', checked: true, 'aria-describedby': 'per-url-hint' });
    this.element = h(
      'div',
      { class: 'settings' },
      h('label', { for: 'policy' }, t('policy')),
      this.#policy,
      h('label', { for: 'timeout' }, t('timeout')),
      this.#timeout,
      h('label', { for: 'pool' }, t('pool')),
      this.#pool,
      h('p', { class: 'quiet', id: 'pool-hint' }, t('pool.hint')),
      h(
        'div',
        { class: 'check' },
        this.#perUrl,
        h('label', { for: 'per-url' }, t('perUrl')),
        h('span', { class: 'quiet', id: 'per-url-hint' }, t('perUrl.hint')),
      ),
      h('button', { type: 'button', id: 'microphone', onclick: () => void this.#askMicrophone() }, t('microphone')),
      h('p', { class: 'quiet' }, t('microphone.hint')),
      this.#microphone,
    );
  }

  get policy(): IceTransportPolicy {
    return this.#policy.value === 'relay' ? 'relay' : 'all';
  }

  set policy(policy: IceTransportPolicy) {
    this.#policy.value = policy;
  }

  get timeoutMs(): number {
    const seconds = Number(this.#timeout.value);
    return 1000 * Math.min(300, Math.max(1, Number.isFinite(seconds) ? seconds : 10));
  }

  set timeoutMs(ms: number) {
    this.#timeout.value = String(Math.round(ms / 1000));
  }

  get poolSize(): number {
    return Math.min(255, Math.max(0, Math.floor(Number(this.#pool.value)) || 0));
  }

  get perUrl(): boolean {
    return this.#perUrl.checked;
  }

  /** With the permission a browser shows host addresses and uses every interface (draft-ietf-rtcweb-ip-handling). */
  async #askMicrophone(): Promise<void> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      for (const track of stream.getTracks()) track.stop();
      this.#microphone.textContent = t('microphone.granted');
    } catch (error) {
      this.#microphone.textContent = t('microphone.denied', {
        why: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
