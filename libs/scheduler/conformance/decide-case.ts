/** One case of the kit: its CIB at its time, decided and carried out. */
import type { XmlElement } from "@quorate/cib";
import { child, children, descendants, isTrue, makeCib, parseXml, upgradeCib } from "@quorate/cib";
import { readState, schedule, simulateGraph } from "@quorate/scheduler";
import { parseDate } from "../src/read/dates.ts";
import type { KitDecision } from "./kit-format.ts";
import { toKitDecision } from "./kit-format.ts";

export function decideCase(xml: string, { now }: { readonly now: string }): KitDecision {
  const parsed = parseXml(xml);
  if (!parsed.ok) throw new Error(parsed.error.map((issue) => issue.message).join("; "));
  const cib = makeCib(upgradeCib(parsed.value).root);
  const nowMs = caseTime(now);
  const decision = schedule(cib, nowMs);
  const { after } = simulateGraph(cib, decision, nowMs);
  const nodes = child(child(cib.root, "configuration") ?? cib.root, "nodes")?.children ?? [];
  const dc = nodes.find((node) => node.attributes["id"] === cib.root.attributes["dc-uuid"])?.attributes["uname"] ?? null;
  return toKitDecision(decision, readState(after, nowMs), { dc, numbered: halfNumbered(cib.root) });
}

const CANNOT_BE_NUMBERED: ReadonlySet<string> = new Set(["lsb", "systemd", "service", "upstart", "nagios"]);

/**
 * Members of groups in clones that ask for globally-unique but do not get it, because another member's agent cannot tell
 * instances apart: the reference prints the last instance of these with its number.
 */
function halfNumbered(root: XmlElement): ReadonlySet<string> {
  const found = new Set<string>();
  for (const clone of descendants(root)) {
    const group = clone.name === "clone" || clone.name === "master" ? child(clone, "group") : null;
    const asked = children(clone, "meta_attributes").flatMap((set) => set.children).some(({ attributes }) => attributes["name"] === "globally-unique" && isTrue(attributes["value"] ?? null));
    if (group === null || !asked) continue;
    const members = children(group, "primitive");
    const able = members.filter((member) => !CANNOT_BE_NUMBERED.has(member.attributes["class"] ?? ""));
    if (able.length < members.length) for (const { attributes } of able) found.add(attributes["id"] ?? "");
  }
  return found;
}

/** `@seconds`, or a date as rules write them (1-state A11). */
export function caseTime(now: string): number {
  if (now.startsWith("@")) return Number(now.slice(1)) * 1000;
  const time = parseDate(now, 0);
  if (time === null) throw new Error(`${now} is no date`);
  return time;
}
