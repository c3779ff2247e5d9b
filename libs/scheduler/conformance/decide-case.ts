/** One case of the kit: its CIB at its time, decided and carried out. */
import { child, makeCib, parseXml, upgradeCib } from "@quorate/cib";
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
  return toKitDecision(decision, readState(after, nowMs), dc);
}

/** `@seconds`, or a date as rules write them (1-state A11). */
export function caseTime(now: string): number {
  if (now.startsWith("@")) return Number(now.slice(1)) * 1000;
  const time = parseDate(now, 0);
  if (time === null) throw new Error(`${now} is no date`);
  return time;
}
