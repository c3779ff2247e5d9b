/** A transition graph as a picture: self-contained SVG, no fonts or scripts from outside, readable in print. Pure. */
import type { Action, Graph } from "@quorate/transition";
import { type Layout, type Place, layoutGraph } from "./graph-layout.ts";

const LINE_HEIGHT = 15;
/** Of a character of the monospaced font below; boxes are made wide enough for any. */
const CHARACTER_WIDTH = 7.4;
const PADDING = 10;
const BOX_HEIGHT = 2 * LINE_HEIGHT + 12;
const TITLE_HEIGHT = 34;
const LEGEND_HEIGHT = 30;
const MIN_WIDTH = 700;

const COLOURS = {
  start: ["#e3f4e4", "#2e7d32"], stop: ["#fdeceb", "#b3352b"], fence: ["#b3352b", "#7c1f18"], monitor: ["#e8f0fb", "#3465a4"],
  other: ["#fff6dd", "#9a7500"], pseudo: ["#f5f5f5", "#8a8a8a"],
} as const;
type Look = keyof typeof COLOURS;

const LEGEND: readonly [Look, string][] = [["start", "start, promote"], ["stop", "stop, demote"], ["fence", "fence"], ["monitor", "monitor"], ["other", "other"], ["pseudo", "point in the order"]];

/** `title` stands above the picture. Ends with a line feed. */
export function graphSvg(graph: Graph, title: string): string {
  const layout = layoutGraph(graph, {
    width: (id) => boxWidth(graph.actions[id]), height: BOX_HEIGHT, columnGap: 22, layerGap: 44, margin: 20,
  });
  const width = Math.ceil(Math.max(MIN_WIDTH, layout.width, title.length * 9 + 40));
  const height = Math.ceil(TITLE_HEIGHT + Math.max(layout.height, 40) + LEGEND_HEIGHT);
  const shift = (width - layout.width) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    "<style>text{font:12px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1c1c1c}.t{font-weight:bold;font-size:14px}.n{fill:#444}.w{fill:#fff}.e{fill:none;stroke:#5f6b76;stroke-width:1.3}</style>",
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#5f6b76"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text class="t" x="20" y="23">${escaped(title)}</text>`,
    `<g transform="translate(${round(shift)} ${TITLE_HEIGHT})">`,
    ...arrows(layout),
    ...graph.actions.map((action) => box(action, layout)),
    ...(graph.actions.length === 0 ? [`<text x="${round(layout.width / 2 - 90)}" y="24">nothing is to be done</text>`] : []),
    "</g>",
    ...legend(height),
    "</svg>",
    "",
  ].join("\n");
}

function look({ kind, task }: Action): Look {
  if (kind === "pseudo") return "pseudo";
  if (kind === "fence") return "fence";
  if (task === "start" || task === "promote" || task === "migrate_from") return "start";
  if (task === "stop" || task === "demote" || task === "migrate_to") return "stop";
  return task === "monitor" ? "monitor" : "other";
}

/** What is done, and where. */
function labels(action: Action): readonly [string, string] {
  const { kind, task, resource, node, intervalMs } = action;
  if (kind === "pseudo") return [action.key.replace(/_0$/, ""), ""];
  if (kind === "fence") return [`fence (${task})`, node ?? ""];
  const every = intervalMs > 0 ? ` every ${intervalMs} ms` : task === "monitor" ? " once" : "";
  return [`${task} ${resource ?? ""}`.trimEnd() + every, node === null ? "" : `on ${node}`];
}

function boxWidth(action: Action | undefined): number {
  const longest = action === undefined ? 0 : Math.max(...labels(action).map(({ length }) => length));
  return Math.max(90, longest * CHARACTER_WIDTH + 2 * PADDING);
}

function box(action: Action, layout: Layout): string {
  const place = layout.places.get(action.id) ?? { x: 0, y: 0 };
  const width = boxWidth(action);
  const [fill, stroke] = COLOURS[look(action)];
  const [first, second] = labels(action);
  const light = look(action) === "fence" ? "w" : "n";
  const baseline = place.y + (second === "" ? 4 : -3);
  return [
    `<g><title>${escaped(`${action.key}: ${action.reason}`)}</title>`,
    `<rect x="${round(place.x - width / 2)}" y="${round(place.y - BOX_HEIGHT / 2)}" width="${round(width)}" height="${BOX_HEIGHT}" rx="6" fill="${fill}" stroke="${stroke}"${action.kind === "pseudo" ? ' stroke-dasharray="4 3"' : ""}/>`,
    `<text text-anchor="middle" x="${round(place.x)}" y="${round(baseline)}"${light === "w" ? ' class="w"' : ""}>${escaped(first)}</text>`,
    ...(second === "" ? [] : [`<text class="${light}" text-anchor="middle" x="${round(place.x)}" y="${round(baseline + LINE_HEIGHT)}">${escaped(second)}</text>`]),
    "</g>",
  ].join("");
}

/** Curves that leave a box downwards and enter the next from above. */
function arrows({ arrows: all }: Layout): string[] {
  return all.map(({ points }) => {
    const ends = points.map((point, at): Place => {
      const edge = at === 0 ? BOX_HEIGHT / 2 : at === points.length - 1 ? -BOX_HEIGHT / 2 : 0;
      return { x: point.x, y: point.y + edge };
    });
    const [start = { x: 0, y: 0 }, ...rest] = ends;
    let from = start;
    const path = rest.map((to) => {
      const middle = round((from.y + to.y) / 2);
      const piece = `C${round(from.x)} ${middle} ${round(to.x)} ${middle} ${round(to.x)} ${round(to.y)}`;
      from = to;
      return piece;
    });
    return `<path class="e" marker-end="url(#a)" d="M${round(start.x)} ${round(start.y)}${path.join("")}"/>`;
  });
}

function legend(height: number): string[] {
  let x = 20;
  return LEGEND.map(([kind, text]) => {
    const [fill, stroke] = COLOURS[kind];
    const entry = `<rect x="${round(x)}" y="${height - 21}" width="12" height="12" rx="3" fill="${fill}" stroke="${stroke}"/><text class="n" x="${round(x + 18)}" y="${height - 11}">${text}</text>`;
    x += 18 + text.length * CHARACTER_WIDTH + 18;
    return entry;
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
