import { expect, test } from "vitest";
import { agentCandidates } from "./agent-candidates.ts";

test.each([
  { name: "an agent goes by its own name", agent: { provider: "quorate", type: "PVFS2" }, want: ["quorate:PVFS2"] },
  { name: "without a provider it is heartbeat's", agent: { provider: null, type: "IPaddr" }, want: ["heartbeat:IPaddr"] },
  { name: "heartbeat's Filesystem stands in for the copy of 2007", agent: { provider: "external", type: "Filesystem" }, want: ["external:Filesystem", "heartbeat:Filesystem"] },
  { name: "nothing stands in for other scripts", agent: { provider: "external", type: "PVFS2" }, want: ["external:PVFS2"] },
])("$name", ({ agent, want }) => expect(agentCandidates(agent).map(({ provider, type }) => `${provider}:${type}`)).toEqual(want));
