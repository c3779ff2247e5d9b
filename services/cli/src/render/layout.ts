/** Lines that fit a terminal: nested bullets, lists of names in brackets, wrapped at words. Two blanks per level. */

/** Every text output keeps to this, so that it can be read in a mail and on any console. */
export const COLUMNS = 80;

const TAB = 8;

/** Columns that a line takes, tabs counted as a terminal draws them. */
export function displayWidth(line: string): number {
  let width = 0;
  for (const char of line) width = char === "\t" ? (Math.floor(width / TAB) + 1) * TAB : width + 1;
  return width;
}

/** `  * text`, wrapped; later lines stand below the beginning of the text. */
export function bullet(depth: number, text: string): string[] {
  const lead = "  ".repeat(depth);
  return wrap(text, { first: `${lead}* `, rest: `${lead}    ` });
}

/** `  * Online: [ node1 node2 ]`; a long list goes on below its first name. */
export function bulletList(depth: number, label: string, names: readonly string[]): string[] {
  const first = `${"  ".repeat(depth)}* ${label}: [ `;
  const rest = " ".repeat(Math.min(first.length, COLUMNS / 2));
  // The bracket stays with the last name: a line of its own would look like the end of something else.
  return wrap(`${names.join(" ")}\u00A0]`, { first, rest }).map((line) => line.replace("\u00A0", " "));
}

/** Breaks at blanks; a word that is wider than a line is cut. Blanks inside the text are kept where it is not broken. */
export function wrap(text: string, { first, rest }: { readonly first: string; readonly rest: string }): string[] {
  const lines: string[] = [];
  let lead = first;
  let left = text;
  for (;;) {
    const room = Math.max(1, COLUMNS - lead.length);
    if (left.length <= room) return [...lines, lead + left];
    const blank = left.lastIndexOf(" ", room);
    const end = blank > 0 ? blank : room;
    lines.push((lead + left.slice(0, end)).trimEnd());
    left = left.slice(end).trimStart();
    lead = rest;
  }
}

/** A line that begins with blanks, with or without a bullet, wrapped so that what follows stands below its beginning. */
export function wrapIndented(line: string): string[] {
  const first = /^ *(?:\* )?/.exec(line)?.[0] ?? "";
  return wrap(line.slice(first.length), { first, rest: `${" ".repeat(first.length)}    ` });
}

/** A heading with what stands below it, or nothing when nothing does. */
export function section(depth: number, title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ["", `${"  ".repeat(depth)}${depth === 0 ? "" : "* "}${title}:`, ...lines];
}
