/** A template without the values of a case: alternatives side by side, what depends on the case named by its place. */
export function inGeneral(template: string): string {
  return template
    .replace(/\]\]\s*\[\[(\?\w+ )?(?=[^\]]*\]\])/g, (_all, test: string | undefined) => `]], or [[${test ?? ''}`)
    .replace(/\[\[(?:\?\w+ )?(.*?)\]\]/gs, '$1')
    .replace(/\{(\w+)\}/g, (_all, name: string) => `<${name}>`)
    .replace(/ +/g, ' ')
    .trim();
}

/** Whether a text says something without the values of a case. */
export function saysSomething(template: string): boolean {
  return !/^(<\w+>[\s,;:.]*)+$/.test(inGeneral(template));
}
