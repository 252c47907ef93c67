import type { Report, Vantage } from '../../record/report.ts';
import { h, Part } from './dom.ts';
import type { LinkState } from './link.ts';
import { applyTheme, chosenTheme, keepPreference, type Theme } from './preferences.ts';
import { SettingsForm } from './settings.ts';
import { currentLanguage, LANGUAGES, type Language, type StringKey, t } from './strings.ts';
import { type CallActions, CallForm, type CallFormState } from './view/call-form.ts';
import { CallsView } from './view/calls.ts';
import { CandidateTable } from './view/candidates.ts';
import { differences } from './view/differences.ts';
import { ServersEditor } from './view/editor.ts';
import { errorList } from './view/errors.ts';
import { findingsList } from './view/findings.ts';
import { grid } from './view/grid.ts';
import { firstCause, hero } from './view/hero.ts';
import { networkTable } from './view/network.ts';
import { type Opened, savedBanner } from './view/saved.ts';
import type { SaveFormat } from './view/share.ts';
import { strips } from './view/strip.ts';
import { waterfall } from './view/waterfall.ts';

export interface Actions extends CallActions {
  toggleRun(): void;
  copyRedacted(): void;
  save(format: SaveFormat, masked: boolean): void;
  open(file: File): void;
  /** Another target of what was opened. */
  showSaved(report: Report): void;
  closeSaved(): void;
  setLanguage(language: Language): void;
  startLocalServer(): (() => void) | undefined;
}

export interface Shown {
  readonly report: Report | undefined;
  readonly running: Readonly<Record<Vantage, boolean>>;
  readonly saved: Opened | undefined;
  readonly link: LinkState;
  readonly call: Omit<CallFormState, 'busy'>;
  readonly hasTerminal: boolean;
  readonly version: string;
}

/** The page's parts and where they stand; each is built anew only when what it shows has changed. */
export class Layout {
  readonly editor: ServersEditor;
  readonly settings: SettingsForm;
  readonly call: CallForm;
  readonly #run: HTMLButtonElement;
  readonly #copy: HTMLButtonElement;
  readonly #copied = h('span', { role: 'status', class: 'quiet' });
  readonly #copyBox = h('textarea', {
    class: 'copy-box',
    readonly: true,
    hidden: true,
    'aria-label': t('copyRedacted'),
  });
  readonly #message = h('p', { class: 'message', role: 'status' });
  readonly #link = h('span', { class: 'link' });
  readonly #saveButtons = h('fieldset', { class: 'save' });
  readonly #table = new CandidateTable();
  readonly #calls = new CallsView();
  readonly #parts: Readonly<
    Record<'hero' | 'saved' | 'strip' | 'grid' | 'findings' | 'differences' | 'waterfall' | 'errors' | 'network', Part>
  >;
  /** Of any run, of gatherings, and of calls. */
  readonly #afterRun: readonly HTMLElement[];
  readonly #afterGather: readonly HTMLElement[];
  readonly #afterCall: readonly HTMLElement[];
  readonly #network: HTMLElement;
  readonly #actions: Actions;

  constructor(root: HTMLElement, actions: Actions) {
    this.#actions = actions;
    this.settings = new SettingsForm(() => this.editor.refresh());
    this.editor = new ServersEditor({
      onChange: () => {},
      policy: () => this.settings.policy,
      setPolicy: (policy) => {
        this.settings.policy = policy;
      },
      startLocalServer: actions.startLocalServer,
    });
    this.call = new CallForm(actions);
    this.#run = h('button', { type: 'button', id: 'run', class: 'primary', onclick: actions.toggleRun }, t('run'));
    this.#copy = h('button', { type: 'button', id: 'copy', onclick: actions.copyRedacted }, t('copyRedacted'));
    const part = (name: string): Part => new Part(h('div', { class: name, id: name }));
    this.#parts = {
      hero: part('hero'),
      saved: part('saved'),
      strip: part('strips'),
      grid: part('grid-part'),
      findings: part('findings-part'),
      differences: part('differences-part'),
      waterfall: part('waterfall-part'),
      errors: part('errors-part'),
      network: part('network-part'),
    };
    const section = (title: StringKey, content: HTMLElement, name: string): HTMLElement =>
      h(
        'section',
        { class: `card ${name}`, 'aria-labelledby': `title-${name}` },
        h('h2', { id: `title-${name}` }, t(title)),
        content,
      );
    const { hero: heroPart, saved, strip, grid: gridPart } = this.#parts;
    const findingsCard = section('findings', this.#parts.findings.element, 'findings-card');
    const network = section('network', this.#parts.network.element, 'network-card');
    this.#afterRun = [findingsCard];
    this.#network = network;
    this.#afterCall = [
      section('calls', this.#calls.matrix.element, 'calls-card'),
      section('call.detail', this.#calls.detail.element, 'call-card'),
    ];
    const [stripCard, gridCard, ...others] = [
      section('strip', strip.element, 'strip-card'),
      section('grid', gridPart.element, 'grid-card'),
      section('differences', this.#parts.differences.element, 'differences-card'),
      section('waterfall', this.#parts.waterfall.element, 'waterfall-card'),
      section('candidates', this.#table.element, 'candidates-card'),
      section('errors', this.#parts.errors.element, 'errors-card'),
    ] as const;
    this.#afterGather = [stripCard, gridCard, ...others];
    const result = h(
      'section',
      { class: 'card result', id: 'result', tabindex: -1, 'aria-label': t('result') },
      saved.element,
      heroPart.element,
      h('div', { class: 'buttons' }, this.#run, this.#copy, this.#copied),
      this.#copyBox,
    );
    heroPart.element.setAttribute('aria-live', 'polite');
    root.replaceChildren(
      h('a', { class: 'skip', href: '#result' }, t('skip')),
      this.#header(actions),
      h(
        'main',
        {},
        h(
          'div',
          { class: 'main' },
          result,
          section('call.title', this.call.element, 'make-card'),
          stripCard,
          gridCard,
          ...this.#afterCall,
          findingsCard,
          ...others,
          network,
        ),
        h(
          'aside',
          { 'aria-label': t('servers') },
          section('servers', this.editor.element, 'servers-card'),
          section('settings', this.settings.element, 'settings-card'),
          section('share', this.#share(actions), 'share-card'),
        ),
      ),
      h('footer', { id: 'footer' }),
    );
  }

  draw(shown: Shown): void {
    const { report, running, saved, link, hasTerminal, version } = shown;
    const isRunning = running.browser || running.terminal;
    const hasCalls = report?.calls !== undefined || report?.command === 'call';
    this.#run.textContent = t(isRunning ? 'stop' : report === undefined || hasCalls ? 'run' : 'run.again');
    this.#run.dataset['running'] = String(isRunning);
    this.#copy.hidden = report === undefined;
    this.#saveButtons.disabled = report === undefined;
    this.#link.textContent = t(`link.${link}`);
    this.#link.className = `link link-${link}`;
    const footer = document.getElementById('footer');
    if (footer !== null) footer.textContent = t('footer', { version });
    this.call.show({ ...shown.call, busy: isRunning });
    for (const element of this.#afterRun) element.hidden = report === undefined;
    for (const element of this.#afterCall) element.hidden = !hasCalls;
    for (const element of this.#afterGather) {
      element.hidden = report === undefined || (hasCalls && report.gatherings === undefined);
    }
    const isAlone = report?.network.interfaces.length === 0 && report.notes === undefined;
    this.#network.hidden = report === undefined || (hasCalls && isAlone);
    const place = saved?.targets.findIndex((each) => each.report === saved.report);
    this.#parts.saved.show(saved === undefined ? '' : `${saved.report.startedAt} ${place}`, () =>
      saved === undefined ? [] : savedBanner(saved, this.#actions.showSaved, this.#actions.closeSaved),
    );
    const cause = report === undefined ? undefined : firstCause(report);
    this.#parts.hero.show(
      JSON.stringify([
        report?.verdict,
        isRunning,
        hasTerminal,
        cause?.id,
        cause?.params,
        isRunning || report === undefined ? 0 : report.durationMs,
        countOf(report),
      ]),
      () => hero({ report, running: isRunning, hasTerminal }),
    );
    if (report === undefined) return;
    const signature = JSON.stringify([
      report.startedAt,
      running,
      countOf(report),
      report.findings.map(({ id, subject }) => id + subject),
    ]);
    const settled = isRunning
      ? `${signature}${Math.floor(report.durationMs / 1000)}`
      : `${signature}${report.durationMs}`;
    this.#parts.strip.show(settled, () => strips(report, running));
    this.#parts.grid.show(settled, () => grid(report, running));
    this.#parts.findings.show(signature, () => findingsList(report));
    this.#parts.differences.show(signature, () => differences(report));
    this.#parts.waterfall.show(settled, () => waterfall(report));
    this.#parts.errors.show(signature, () => errorList(report));
    this.#parts.network.show(signature, () => networkTable(report));
    this.#table.show(report);
    if (hasCalls) this.#calls.show(report, isRunning);
  }

  say(text: string): void {
    this.#message.textContent = text;
  }

  /** With a text where the browser refused to copy it: then a person can. */
  showCopied(text: string | undefined): void {
    this.#copied.textContent = t(text === undefined ? 'copied' : 'copyFailed');
    this.#copyBox.hidden = text === undefined;
    this.#copyBox.value = text ?? '';
    if (text !== undefined) this.#copyBox.select();
  }

  #header(actions: Actions): HTMLElement {
    const themes: readonly Theme[] = ['auto', 'light', 'dark'];
    const theme = h(
      'select',
      { id: 'theme', 'aria-label': t('theme') },
      ...themes.map((name) => h('option', { value: name, selected: name === chosenTheme() }, t(`theme.${name}`))),
    );
    theme.addEventListener('change', () => {
      keepPreference('theme', theme.value);
      applyTheme(theme.value as Theme);
    });
    const language = h(
      'select',
      { id: 'language', 'aria-label': t('language') },
      ...Object.entries(LANGUAGES).map(([code, name]) =>
        h('option', { value: code, lang: code, selected: code === currentLanguage() }, name),
      ),
    );
    language.addEventListener('change', () => {
      keepPreference('language', language.value);
      actions.setLanguage(language.value as Language);
    });
    return h(
      'header',
      {},
      h('h1', {}, 'iceprobe', h('span', { class: 'tagline' }, t('app.tagline'))),
      h('div', { class: 'tools' }, this.#link, language, theme),
    );
  }

  #share(actions: Actions): HTMLElement {
    const masked = h('input', { type: 'checkbox', id: 'masked', checked: true });
    const formats: readonly SaveFormat[] = ['json', 'ndjson', 'html', 'markdown'];
    const file = h('input', { type: 'file', id: 'open', accept: '.json,.ndjson,.jsonl,.html,.txt,.gz' });
    file.addEventListener('change', () => {
      const [chosen] = file.files ?? [];
      if (chosen !== undefined) actions.open(chosen);
      file.value = '';
    });
    this.#saveButtons.append(
      h('legend', { class: 'visually-hidden' }, t('share')),
      ...formats.map((format) =>
        h(
          'button',
          { type: 'button', id: `save-${format}`, onclick: () => actions.save(format, masked.checked) },
          t(`share.${format}`),
        ),
      ),
      h('div', { class: 'check' }, masked, h('label', { for: 'masked' }, t('share.redact'))),
    );
    return h('div', {}, this.#saveButtons, h('label', { for: 'open' }, t('share.open')), file, this.#message);
  }
}

function countOf(report: Report | undefined): number {
  return (report?.gatherings ?? []).reduce(
    (sum, { candidates, errors, states }) => sum + candidates.length + errors.length + states.length,
    (report?.calls?.length ?? 0) +
      (report?.servers ?? []).reduce(
        (sum, server) => sum + server.attempts.reduce((n, { stages }) => n + stages.length, 0),
        0,
      ),
  );
}
