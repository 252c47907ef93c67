export type Child = Node | string | null | undefined | false;

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>;

/** An element with its attributes and children. Functions are listeners (`onclick`); false, null and undefined are left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = 'http://www.w3.org/2000/svg';

/** The same for drawings. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/**
 * A part of the page that is built anew only when what it shows has changed: what a person has opened, selected or is
 * typing in stays as it is.
 */
export class Part {
  readonly element: HTMLElement;
  #signature: string | undefined;

  constructor(element: HTMLElement) {
    this.element = element;
  }

  show(signature: string, build: () => readonly Child[]): void {
    if (signature === this.#signature) return;
    this.#signature = signature;
    const focused = this.element.contains(document.activeElement) ? keyOf(document.activeElement) : undefined;
    const open = new Set([...this.element.querySelectorAll('details[open][data-key]')].map(keyOf));
    const children = build();
    this.element.replaceChildren();
    append(this.element, children);
    for (const details of this.element.querySelectorAll('details[data-key]')) {
      if (open.has(keyOf(details))) details.setAttribute('open', '');
    }
    if (focused !== undefined) this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }
}

function keyOf(element: Element | null): string | undefined {
  return element?.getAttribute('data-key') ?? undefined;
}
