import type { PageIceServer } from '../../../record/page-messages.ts';
import type { IceTransportPolicy } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { type EditedServer, editedOf, iceServersOf, linkOf, lint, readPasted } from '../servers.ts';
import { findingWords, t } from '../strings.ts';
import { type IconName, icon } from './format.ts';
import { copyText } from './share.ts';

export interface EditorServices {
  onChange(): void;
  policy(): IceTransportPolicy;
  setPolicy(policy: IceTransportPolicy): void;
  /** undefined where there is no terminal that could. */
  startLocalServer(): (() => void) | undefined;
}

const KEPT = 'iceprobe.servers';

/** The list of servers: typed, pasted, ordered, checked as one types. */
export class ServersEditor {
  readonly element = h('div', { class: 'editor' });
  readonly #services: EditorServices;
  readonly #list = h('div', { class: 'server-list' });
  readonly #remarks = h('div', { class: 'lint', 'aria-live': 'polite' });
  readonly #message = h('p', { class: 'message', role: 'status' });
  readonly #paste: HTMLTextAreaElement;
  readonly #keep: HTMLInputElement;
  readonly #local: HTMLElement;
  #servers: EditedServer[] = [];

  constructor(services: EditorServices) {
    this.#services = services;
    this.#paste = h('textarea', {
      id: 'paste',
      rows: 3,
      spellcheck: 'false',
      onpaste: () => setTimeout(() => this.#addPasted(true)),
    });
    this.#keep = h('input', {
      type: 'checkbox',
      id: 'keep',
      'aria-describedby': 'keep-hint',
      onchange: () => this.#store(),
    });
    this.#local = h('div', { class: 'local' });
    this.element.append(
      this.#list,
      h(
        'div',
        { class: 'buttons' },
        h(
          'button',
          { type: 'button', id: 'add-server', onclick: () => this.#add({ urls: '', username: '', credential: '' }) },
          t('servers.add'),
        ),
        this.#local,
        h(
          'button',
          { type: 'button', id: 'share-link', title: t('servers.share.hint'), onclick: () => this.#shareLink() },
          t('servers.share'),
        ),
      ),
      h('label', { for: 'paste' }, t('servers.paste')),
      this.#paste,
      h('button', { type: 'button', id: 'add-pasted', onclick: () => this.#addPasted(false) }, t('servers.paste.add')),
      this.#message,
      this.#remarks,
      h(
        'div',
        { class: 'check' },
        this.#keep,
        h('label', { for: 'keep' }, t('servers.keep')),
        h('span', { id: 'keep-hint', class: 'quiet' }, t('servers.keep.hint')),
      ),
    );
    this.#restore();
    this.#draw();
  }

  get iceServers(): PageIceServer[] {
    return iceServersOf(this.#servers);
  }

  replace(servers: readonly PageIceServer[]): void {
    this.#servers = servers.map(editedOf);
    this.#draw();
  }

  /** Adds to what is there; an empty first server gives way. */
  add(servers: readonly PageIceServer[]): void {
    this.#servers = [...this.#servers.filter(({ urls }) => urls.trim() !== ''), ...servers.map(editedOf)];
    this.#draw();
    this.#changed();
  }

  say(text: string): void {
    this.#message.textContent = text;
  }

  /** What depends on the terminal. */
  refresh(): void {
    const start = this.#services.startLocalServer();
    this.#local.replaceChildren(
      ...(start === undefined
        ? []
        : [
            h(
              'button',
              { type: 'button', id: 'local-server', title: t('servers.local.hint'), onclick: start },
              t('servers.local'),
            ),
          ]),
    );
    this.#drawRemarks();
  }

  #add(server: EditedServer): void {
    this.#servers.push(server);
    this.#draw();
    this.#list.querySelector<HTMLElement>('fieldset:last-child textarea')?.focus();
  }

  #addPasted(onlyIfReadable: boolean): void {
    const pasted = readPasted(this.#paste.value);
    if ('error' in pasted) {
      if (!onlyIfReadable || this.#paste.value.trim() !== '') this.say(pasted.error);
      return;
    }
    this.#servers = [...this.#servers.filter(({ urls }) => urls.trim() !== ''), ...pasted.servers];
    if (pasted.policy !== undefined) this.#services.setPolicy(pasted.policy);
    this.#paste.value = '';
    this.say(t('servers.paste.added', { count: pasted.servers.length }));
    this.#draw();
    this.#changed();
  }

  #shareLink(): void {
    const link = linkOf(this.iceServers, this.#services.policy());
    void copyText(link).then((copied) => this.say(copied ? t('copied') : `${t('copyFailed')} ${link}`));
  }

  #draw(): void {
    this.#list.replaceChildren(...this.#servers.map((server, index) => this.#form(server, index)));
    this.refresh();
  }

  #form(server: EditedServer, index: number): HTMLElement {
    const id = (field: string): string => `server-${index}-${field}`;
    const input = (field: 'username' | 'credential', type: string): HTMLInputElement =>
      h('input', {
        id: id(field),
        type,
        value: server[field],
        autocomplete: 'off',
        spellcheck: 'false',
        oninput: (event) => this.#edit(server, field, event),
      });
    const urls = h('textarea', {
      id: id('urls'),
      rows: Math.max(1, server.urls.split('\n').length),
      spellcheck: 'false',
      oninput: (event) => this.#edit(server, 'urls', event),
    });
    urls.value = server.urls;
    const credential = input('credential', 'password');
    const reveal = h(
      'button',
      { type: 'button', class: 'small', 'aria-controls': id('credential') },
      t('servers.show'),
    );
    reveal.addEventListener('click', () => {
      const shown = credential.type === 'text';
      credential.type = shown ? 'password' : 'text';
      reveal.textContent = t(shown ? 'servers.show' : 'servers.hide');
    });
    const number = index + 1;
    const move = (
      label: 'servers.up' | 'servers.down' | 'servers.remove',
      sign: string,
      act: () => void,
      disabled = false,
    ): HTMLElement =>
      h(
        'button',
        {
          type: 'button',
          class: 'small',
          disabled,
          'aria-label': `${t(label)}: ${t('servers.number', { number })}`,
          title: t(label),
          onclick: act,
        },
        sign,
      );
    return h(
      'fieldset',
      {},
      h('legend', {}, t('servers.number', { number })),
      h('label', { for: id('urls') }, t('servers.url')),
      urls,
      h(
        'div',
        { class: 'pair' },
        h('div', {}, h('label', { for: id('username') }, t('servers.username')), input('username', 'text')),
        h(
          'div',
          {},
          h('label', { for: id('credential') }, t('servers.credential')),
          h('div', { class: 'with-button' }, credential, reveal),
        ),
      ),
      h(
        'div',
        { class: 'order' },
        move('servers.up', '↑', () => this.#move(index, -1), index === 0),
        move('servers.down', '↓', () => this.#move(index, 1), index === this.#servers.length - 1),
        move('servers.remove', '✕', () => this.#remove(index)),
      ),
    );
  }

  #edit(server: EditedServer, field: keyof EditedServer, event: Event): void {
    const target = event.target as HTMLInputElement | HTMLTextAreaElement;
    server[field] = target.value;
    if (target instanceof HTMLTextAreaElement) target.rows = Math.max(1, target.value.split('\n').length);
    this.#changed();
  }

  #move(index: number, by: number): void {
    const [server] = this.#servers.splice(index, 1);
    if (server !== undefined) this.#servers.splice(index + by, 0, server);
    this.#draw();
    this.#list.children[index + by]?.querySelector('textarea')?.focus();
    this.#changed();
  }

  #remove(index: number): void {
    this.#servers.splice(index, 1);
    this.#draw();
    document.getElementById('add-server')?.focus();
    this.#changed();
  }

  #changed(): void {
    this.#drawRemarks();
    this.#store();
    this.#services.onChange();
  }

  #drawRemarks(): void {
    const findings = lint(this.iceServers, this.#services.policy());
    const content: Child[] =
      findings.length === 0
        ? [this.iceServers.length > 0 && h('p', { class: 'quiet' }, icon('ok'), ` ${t('lint.clean')}`)]
        : [
            h(
              'ul',
              { 'aria-label': t('lint') },
              ...findings.map((finding) => {
                const { title, fix, lang } = findingWords(finding);
                return h(
                  'li',
                  { class: `remark-${finding.severity}`, lang, 'data-finding': finding.id },
                  icon(finding.severity as IconName),
                  h('span', {}, `${title}. `, fix),
                );
              }),
            ),
          ];
    this.#remarks.replaceChildren(...content.filter((child): child is HTMLElement => child instanceof Node));
  }

  /** Only what somebody asked to keep, and only in this browser. */
  #store(): void {
    try {
      if (this.#keep.checked) localStorage.setItem(KEPT, JSON.stringify(this.#servers));
      else localStorage.removeItem(KEPT);
    } catch {
      // No storage for a file opened from disk.
    }
  }

  #restore(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as EditedServer[] | null;
      if (kept === null) return;
      this.#keep.checked = true;
      this.#servers = kept.map(({ urls, username, credential }) => ({
        urls: String(urls),
        username: String(username),
        credential: String(credential),
      }));
    } catch {
      // Nothing kept, or no storage for a file opened from disk.
    }
  }
}
