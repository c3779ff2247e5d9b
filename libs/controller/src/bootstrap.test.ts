import { expect, test } from "vitest";
import { Bootstrap, type Hello, type StoredIdentity } from "./bootstrap.ts";

const VOTERS = ["a", "b", "c"];
const EMPTY = (node: string): StoredIdentity => ({ storeId: `store-${node}`, clusterUuid: null, roster: null });
const hash = (text: string): string => `#${text.length}${text.slice(-8)}`;

function starting(node: string, identity: StoredIdentity = EMPTY(node), configHash = "h"): Bootstrap {
  return new Bootstrap({ node, voters: VOTERS, configHash, identity, hash });
}

/** Hellos of all to all, in rounds, until nobody has more to say. */
function meet(nodes: readonly Bootstrap[]): void {
  for (let round = 0; round < 3; round++) {
    for (const node of nodes) {
      for (const other of nodes) {
        const step = node.receive(other.hello());
        if (step.kind === "initialise") node.initialised(step.identity);
      }
    }
  }
}

test("all with empty stores: every node makes the same cluster", () => {
  const nodes = VOTERS.map((node) => starting(node));
  meet(nodes);
  const uuids = new Set(nodes.map(({ clusterUuid }) => clusterUuid));
  expect(uuids.size).toBe(1);
  expect(nodes[0]!.clusterUuid).not.toBeNull();
  expect(nodes[0]!.hello().roster).toEqual({ a: "store-a", b: "store-b", c: "store-c" });
});

test("a majority is not enough for the first start", () => {
  const nodes = [starting("a"), starting("b")];
  meet(nodes);
  expect(nodes[0]!.clusterUuid).toBeNull();
  expect(nodes[0]!.step()).toEqual({ kind: "waiting", why: "first start: not heard yet: c" });
});

test("different configurations never make a cluster, and the nodes are named", () => {
  const nodes = [starting("a"), starting("b", EMPTY("b"), "other"), starting("c")];
  meet(nodes);
  expect(nodes.map(({ clusterUuid }) => clusterUuid)).toEqual([null, null, null]);
  expect(nodes[0]!.step()).toMatchObject({ kind: "waiting", why: expect.stringContaining("on b;") });
});

test("one made it durable and the rest crashed before: they follow it", () => {
  const a = starting("a");
  const others = [starting("b"), starting("c")];
  for (const other of others) a.receive(other.hello());
  const step = a.step();
  expect(step.kind).toBe("initialise");
  if (step.kind !== "initialise") return;
  a.initialised(step.identity);
  const restarted = [starting("b"), starting("c")]; // with the stores they had: empty, same identity
  const joined = restarted.map((node) => node.receive(a.hello()));
  expect(joined.map((join) => (join.kind === "initialise" ? join.identity.clusterUuid : join.kind))).toEqual([a.clusterUuid, a.clusterUuid]);
});

test("a wiped store is refused by a cluster that runs, also when it hears empty ones too", () => {
  const nodes = VOTERS.map((node) => starting(node));
  meet(nodes);
  const wiped = starting("c", { storeId: "store-new", clusterUuid: null, roster: null });
  wiped.receive(starting("a").hello());
  const step = wiped.receive(nodes[1]!.hello());
  expect(step).toMatchObject({ kind: "refused", why: expect.stringContaining("another store of c") });
  expect(wiped.clusterUuid).toBeNull();
});

test("who is not configured is not heard, and who runs has nothing to do", () => {
  const node = starting("a");
  const stranger: Hello = { node: "x", storeId: "store-x", initialised: true, configHash: "h", clusterUuid: "#9", roster: { a: "store-a" } };
  expect(node.receive(stranger).kind).toBe("waiting");
  const running = starting("a", { storeId: "store-a", clusterUuid: "#1", roster: {} });
  expect(running.receive({ ...stranger, node: "b" })).toEqual({ kind: "waiting", why: "the cluster runs" });
  expect(running.hello().initialised).toBe(true);
});
