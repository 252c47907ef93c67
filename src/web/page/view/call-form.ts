import { CALL_PATHS, type CallPath, isCallPath } from '../../../core/call/path.ts';
import type { RoomState } from '../call/rooms.ts';
import { type Child, h, Part } from '../dom.ts';
import { t } from '../strings.ts';
import { copyText } from './share.ts';

export interface CallActions {
  callHere(): void;
  openRoom(): void;
  joinRoom(text: string): void;
  leaveRoom(): void;
}

export interface CallFormState {
  readonly room: RoomState;
  /** Where a terminal finds the rooms of this page's server; null where there are none. */
  readonly roomServer: string | null;
  /** Something runs: nothing else is begun. */
  readonly busy: boolean;
}

/** What a person may choose about a call. */
export interface CallChoice {
  readonly path: CallPath | 'all';
  readonly seconds: number;
  readonly code: string;
}

/** How a call is begun: within this page, or with another end by a room. */
export class CallForm {
  readonly element: HTMLElement;
  readonly #path: HTMLSelectElement;
  readonly #seconds: HTMLInputElement;
  readonly #code: HTMLInputElement;
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #rooms = h('div', { class: 'call-rooms' });
  readonly #line = h('code');
  readonly #room = new Part(h('div', { id: 'room', 'aria-live': 'polite' }));
  readonly #leave: () => void;

  constructor(actions: CallActions) {
    this.#leave = actions.leaveRoom;
    this.#path = h(
      'select',
      { id: 'call-path' },
      h('option', { value: 'all' }, t('call.path.all')),
      ...CALL_PATHS.map((path) => h('option', { value: path }, path)),
    );
    this.#seconds = h('input', { id: 'call-seconds', type: 'number', min: 0.2, max: 300, step: 'any', value: 2 });
    this.#code = h('input', {
      id: 'room-code',
      autocomplete: 'off',
      autocapitalize: 'characters',
      spellcheck: 'false',
      placeholder: 'ABC-DEF',
    });
    const join = h('form', { class: 'with-button' }, this.#code, h('button', { id: 'room-join' }, t('room.join')));
    join.addEventListener('submit', (event) => {
      event.preventDefault();
      actions.joinRoom(this.#code.value);
    });
    const button = (id: string, label: string, onclick: () => void): HTMLButtonElement =>
      h('button', { type: 'button', id, onclick }, label);
    const here = button('call-here', t('call.here'), actions.callHere);
    const open = button('room-open', t('room.open'), actions.openRoom);
    this.#buttons = [here, open, ...join.querySelectorAll('button')];
    this.#rooms.append(
      h('div', {}, open, h('p', { class: 'quiet' }, t('room.open.hint'))),
      h(
        'div',
        {},
        h('label', { for: 'room-code' }, t('room.join.title')),
        join,
        h('p', { class: 'quiet' }, t('room.join.hint'), ' ', this.#line, ' ', copyButton('room-copy-host', this.#line)),
      ),
    );
    this.element = h(
      'div',
      {},
      h(
        'div',
        { class: 'call-ways' },
        h('div', {}, here, h('p', { class: 'quiet' }, t('call.here.hint'))),
        this.#rooms,
      ),
      this.#room.element,
      h(
        'div',
        { class: 'call-options' },
        h('label', { for: 'call-path' }, t('call.path')),
        this.#path,
        h('label', { for: 'call-seconds' }, t('call.seconds')),
        this.#seconds,
      ),
    );
  }

  get choice(): CallChoice {
    const seconds = Math.min(300, Math.max(0.2, Number(this.#seconds.value) || 2));
    const { value } = this.#path;
    return { path: isCallPath(value) ? value : 'all', seconds, code: this.#code.value };
  }

  set choice({ path, seconds, code }: CallChoice) {
    this.#path.value = path;
    this.#seconds.value = String(seconds);
    this.#code.value = code;
  }

  show({ room, roomServer, busy }: CallFormState): void {
    const meets = room.state === 'asking' || room.state === 'waiting';
    for (const button of this.#buttons) button.disabled = busy || meets;
    this.#rooms.hidden = roomServer === null;
    this.#line.textContent = `iceprobe call --host --via '${roomServer ?? ''}'`;
    this.#room.show(JSON.stringify([room, busy]), () => this.#roomWords(room, busy));
  }

  #roomWords(room: RoomState, busy: boolean): Child[] {
    const leave = h(
      'button',
      { type: 'button', class: 'small', id: 'room-leave', onclick: this.#leave },
      t('room.leave'),
    );
    switch (room.state) {
      case 'none':
        return [];
      case 'asking':
        return [h('p', { class: 'banner' }, h('span', {}, t('room.asking')), leave)];
      case 'waiting': {
        const line = h('code', { id: 'room-line' }, room.line);
        return [
          h(
            'div',
            { class: 'banner room-waiting' },
            h('p', {}, t('room.waiting'), ' ', h('strong', { id: 'room-shown', class: 'room-shown' }, room.code)),
            h('p', { class: 'room-line' }, line, ' ', copyButton('room-copy', line), ' ', leave),
          ),
        ];
      }
      case 'met':
        return busy ? [h('p', { class: 'banner' }, t('room.met'))] : [];
      case 'failed':
        return [h('p', { class: 'banner banner-error', id: 'room-error', role: 'alert' }, room.why)];
    }
  }
}

/** Copies what stands there by then. */
function copyButton(id: string, source: HTMLElement): HTMLElement {
  const button = h('button', { type: 'button', class: 'small', id }, t('room.copy'));
  button.addEventListener('click', () => {
    void copyText(source.textContent ?? '').then((copied) => copied && button.replaceChildren(t('copied')));
  });
  return button;
}
