/**
 * One decision about a CIB file, as a program: `node decide-file.ts FILE NOW_MS [ROUNDS]`. Prints one line of JSON: how many actions and
 * orderings, CPU of the first decision from text, then of each round from memory in which one history entry is new (what a daemon does).
 */
import { readFileSync } from "node:fs";
import { type Cib, type XmlElement, parseCib, updateStatus } from "@quorate/cib";
import { schedule } from "@quorate/scheduler";

const [file = "", nowText = "0", rounds = "0"] = process.argv.slice(2);
const nowMs = Number(nowText);
const { user, system } = process.cpuUsage();
const loaded = parseCib(readFileSync(file, "utf8"));
if (!loaded.ok) throw new Error(loaded.error.issues.map(({ message }) => message).join("\n"));
let cib: Cib = loaded.value.cib;
const { graph } = schedule(cib, nowMs);
const first = process.cpuUsage();
const startMs = (user + system) / 1_000;
const memoryKb = process.resourceUsage().maxRSS;
const rounded: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  cib = touched(cib, round);
  const before = process.cpuUsage();
  schedule(cib, nowMs);
  const used = process.cpuUsage(before);
  rounded.push((used.user + used.system) / 1_000);
}
process.stdout.write(`${JSON.stringify({ actions: graph.actions.length, edges: graph.actions.reduce((sum, action) => sum + action.after.length, 0), startMs, coldMs: (first.user + first.system) / 1_000, memoryKb, rounds: rounded, peakKb: process.resourceUsage().maxRSS })}\n`);

/** The same CIB with a new entry in one history, as after a monitor: everything else is shared. */
function touched(before: Cib, round: number): Cib {
  return updateStatus(before, (status) => {
    const at = round % status.children.length;
    return { ...status, children: status.children.with(at, changeFirst(status.children[at]!, round)) };
  });
}

function changeFirst(element: XmlElement, round: number): XmlElement {
  const inner = element.children.at(element.name === "lrm_resources" ? round % Math.max(1, element.children.length) : 0);
  if (inner === undefined) return { ...element, attributes: { ...element.attributes, "exec-time": String(round) } };
  const at = element.children.indexOf(inner);
  return { ...element, children: element.children.with(at, changeFirst(inner, round)) };
}
