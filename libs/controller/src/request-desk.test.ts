import { expect, test } from "vitest";
import { RequestDesk } from "./request-desk.ts";

/** Steps: `add:ID`, `due:LEADER` (none: no leader), `done:ID`, `expire`, `+MS`. */
function trace(script: string): string {
  const desk = new RequestDesk(10_000);
  let nowMs = 0;
  return script
    .split(" ")
    .map((step) => {
      const [verb = "", id = ""] = step.split(":");
      if (verb.startsWith("+")) nowMs += Number(verb);
      if (verb === "add") desk.add(id, { kind: "attribute", atMs: 0, requestId: id, node: "n", name: "x", value: "1" }, nowMs);
      if (verb === "due") return desk.due(nowMs, id === "none" ? null : id).map((command) => ("requestId" in command ? command.requestId : "?")).join(",");
      if (verb === "done") return String(desk.done(id));
      if (verb === "expire") return desk.expire(nowMs).join(",");
      return "";
    })
    .join("|");
}

test.each([
  { name: "a request waits for a leader", script: "add:1 due:none due:a", want: "||1" },
  { name: "it is sent again after a second, not before", script: "add:1 due:a +999 due:a +1 due:a", want: "|1||||1" },
  { name: "another leader gets it at once", script: "add:1 due:a due:b due:b", want: "|1|1|" },
  { name: "what was applied is not sent again, and is answered once", script: "add:1 due:a done:1 done:1 +1000 due:a", want: "|1|true|false||" },
  { name: "in the order they came", script: "add:2 add:1 due:a", want: "||2,1" },
  { name: "given up after its time, and not before", script: "add:1 +10000 expire +1 expire +1000 due:a", want: "||||1||" },
])("$name", ({ script, want }) => expect(trace(script)).toBe(want));
