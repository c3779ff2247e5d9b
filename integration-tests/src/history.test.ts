/** The decisions of a living cluster: kept by its DC, and coming out the same when they are made again from what was kept. */
import { inflateSync } from "node:zlib";
import { parseCib } from "@quorate/cib";
import { outlineOf, schedule } from "@quorate/scheduler";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, startTestCluster } from "./testbed/test-cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster({ nodes: 3, groups: 1 });
});
afterAll(() => cluster?.close());

test("every decision is kept by the DC, with its input, and is the same when it is made again", async () => {
  await cluster.settled();
  const { dc } = await cluster.client("node1").listDecisions();
  if (dc === null) throw new Error("a settled cluster has a DC");
  const client = cluster.client(dc);
  const { decisions, node } = await client.listDecisions();
  expect(node).toBe(dc);
  expect(decisions.filter(({ transition }) => transition !== null).length).toBeGreaterThan(0);
  for (const { id, atMs, transition, trigger } of decisions) {
    expect(trigger).not.toBe("");
    const { document } = await client.getDecision(id);
    const { cib, outline } = JSON.parse(inflateSync(document).toString()) as { cib: string; outline: unknown };
    const loaded = parseCib(cib);
    expect(loaded.ok && outlineOf(schedule(loaded.value.cib, atMs)), `decision ${id}, transition ${transition ?? "none"}`).toStrictEqual(outline);
  }
});
