import { emptyCib } from "@quorate/cib";
import type { PeerReport } from "@quorate/membership";
import { expect, test } from "vitest";
import { FencedWatch } from "./fenced-watch.ts";
import { type NodeRecord, createReplica } from "./replica.ts";

/** Reports on d, which is fenced in life d1, from the moment of that on: `AT:STATE:SILENT[:BOOT-ID]` in ms. Whether it is known to live, after each. */
function seen(script: string, record: Partial<NodeRecord> = {}): string {
  const replica = createReplica(["a", "d"], emptyCib());
  replica.nodes.set("d", { condition: "fenced", bootId: "d1", session: null, reportSequence: 0, reason: "", sinceMs: 0, ...record });
  replica.fencedBootIds.add("d1");
  const watch = new FencedWatch();
  return script.split(" ").map((text, sequence) => {
    const [at, state, silent, bootId = "d1"] = text.split(":");
    const peer: PeerReport = {
      node: "d", state: state as PeerReport["state"], bootId, session: "s", suspectedBy: [], majoritySuspects: false, mutual: true, progress: null,
      links: [{ link: "nats", silentMs: null, up: false }, { link: "udp", silentMs: Number(silent), up: true }],
    };
    watch.onReport({ node: "a", bootId: "a1", session: "m", sequence, connectedQuorum: true, peers: [peer] }, replica, Number(at));
    return watch.contradicted.has("d") ? "lives" : "off";
  }).join(" ");
}

test.each<{ name: string; script: string; record?: Partial<NodeRecord>; want: string }>([
  { name: "heard on and on", script: "100:alive:50 1100:alive:50 2100:alive:50 3200:alive:50", want: "off off off lives" },
  { name: "silent since, with a dead time of half a minute", script: "100:alive:100 10000:alive:10000 29000:alive:29000 31000:suspected:31000", want: "off off off off" },
  { name: "old reports that come late and all at once", script: "9000:alive:50 9000:alive:500 9000:suspected:650", want: "off off off" },
  { name: "back in a new life", script: "100:alive:50 4000:alive:50:d2 9000:alive:50:d2", want: "off off off" },
  { name: "heard again only much later", script: "100:alive:50 700:suspected:650 60000:alive:50 62000:alive:50 63100:alive:50", want: "off off off off lives" },
  { name: "fenced once more", script: "100:alive:50 4000:alive:50", record: { condition: "fencing" }, want: "off off" },
])("a fenced node, $name", ({ script, record, want }) => expect(seen(script, record)).toBe(want));
