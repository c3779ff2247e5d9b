/** The main path: a node is lost in one way or another, fenced, and its group runs elsewhere; and it comes back. */
import { setTimeout as sleep } from "node:timers/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventPosition } from "@quorate/client";
import { type ClusterEvent, compareEvents, eventId } from "@quorate/core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type MailSink, startMailSink } from "../../deploy/peers/mail-sink.ts";
import { type WebhookSink, startWebhookSink } from "../../deploy/peers/webhook-sink.ts";
import { isHeldByNobody, ownersOf } from "./testbed/ownership.ts";
import { KIND, PATIENCE_MS, type TestCluster, measured, startTestCluster } from "./testbed/test-cluster.ts";

const SECRET = "webhook-secret-of-the-tests";
const TOLD = ["node.lost", "fencing.*", "group.*"];

let cluster: TestCluster;
let mail: MailSink;
let webhook: WebhookSink;
beforeAll(async () => {
  cluster = await startTestCluster({
    nodes: 5,
    groups: 4,
    sinks: async ({ hostAddress, dir }) => {
      [mail, webhook] = await Promise.all([startMailSink({ address: hostAddress }), startWebhookSink({ address: hostAddress, secret: SECRET })]);
      const secretFile = join(dir, "webhook.secret");
      writeFileSync(secretFile, SECRET, { mode: 0o600 });
      return [
        { name: "mail", kind: "email", match: TOLD, smtp: { host: hostAddress, port: mail.port }, from: "quorate@test.example", to: ["admin@test.example"] },
        { name: "hook", kind: "webhook", match: TOLD, url: webhook.url, secretFile },
      ];
    },
  });
});
afterAll(async () => {
  await cluster?.close();
  await Promise.all([mail?.close(), webhook?.close()]);
});
beforeEach(async () => void (await cluster.settled()));
afterEach(() => expect([...cluster.owners.conflicts(), ...cluster.events.problems()]).toEqual([]));

/** Waits until the group has come back from a lost node, and checks the order of events that makes it safe. */
async function expectFailover({ node, group, mark, lostMs }: { node: string; group: number; mark: EventPosition; lostMs: number }): Promise<string> {
  const resource = `server${group}`;
  const first = (type: string, about: { node?: string; resource?: string }): ClusterEvent => {
    const [found] = cluster.events.find({ type, after: mark, ...about });
    if (found === undefined) throw new Error(`no ${type} of ${about.node ?? about.resource}`);
    return found;
  };
  await cluster.until(`${resource} to run again`, async () => cluster.events.find({ type: "group.failover-completed", resource, after: mark }).length > 0, PATIENCE_MS);
  const story = [first("node.lost", { node }), first("fencing.started", { node }), first("fencing.succeeded", { node }), first("resource.started", { resource: `${resource}_*` }), first("group.failover-completed", { resource })];
  expect([...story].sort(compareEvents)).toEqual(story);
  for (const event of story) measured(`since the loss of ${node}: ${event.message.split("; ")[0]}`, event.atMs - lostMs);
  const off = cluster.switchings.findLast((switching) => switching.node === node);
  expect(off, "the outlet was really switched").toMatchObject({ powered: false });
  const target = await cluster.nodeOf(group);
  expect(ownersOf(cluster, group), "and the kernels agree").toEqual({ address: [target], disk: [target], server: [target] });
  return target!;
}

test("a crashed node is fenced, and the fencing confirmed, before its group starts on the spare; no other group is touched", async () => {
  mail.setFault({ kind: "busy" }); // for the test after this
  webhook.setFault({ kind: "status", status: 503 });
  const mark = cluster.events.mark();
  const lostMs = Date.now();
  await cluster.crash("node2");
  expect(await expectFailover({ node: "node2", group: 1, mark, lostMs })).toBe("node5");
  const touched = cluster.events.find({ after: mark }).filter(({ type, resource }) => type.startsWith("resource.") && !(resource ?? "").startsWith("server1_"));
  expect(touched.map(({ message }) => message)).toEqual([]);
});

test("mail and webhook of a failover arrive, each at least once and in order, though nobody took them while it happened", async () => {
  await sleep(3_000); // long enough for attempts to fail
  expect([mail.mails().length, webhook.events().length]).toEqual([0, 0]);
  mail.setFault({ kind: "none" });
  webhook.setFault({ kind: "none" });
  const healedMs = Date.now();
  const told = ["node.lost", "fencing.started", "fencing.succeeded", "group.failover-completed"].flatMap((type) => cluster.events.find({ type })).sort(compareEvents).map(eventId);
  expect(told).toHaveLength(4);
  const byMail = (): string[] => [...new Set(mail.mails().map(({ headers }) => headers["x-quorate-id"] ?? ""))];
  const byWebhook = (): string[] => [...new Set(webhook.events().map(({ event }) => String(event?.["id"])))];
  await cluster.until("all mails and calls", async () => byMail().length >= told.length && byWebhook().length >= told.length, PATIENCE_MS);
  measured("since the sinks are back: everything delivered", Date.now() - healedMs);
  expect(byMail()).toEqual(told);
  expect(byWebhook()).toEqual(told);
  expect(webhook.events().every(({ verified }) => verified), "signed").toBe(true);
});

test("a fenced node that is switched on again rejoins; its group stays where it is", async () => {
  const mark = cluster.events.mark();
  const startedMs = Date.now();
  await cluster.powerOn("node2");
  await cluster.until("node2 to join", async () => cluster.events.find({ type: "node.joined", node: "node2", after: mark }).length > 0, PATIENCE_MS);
  measured("from power on to joined", Date.now() - startedMs);
  await cluster.settled();
  expect(await cluster.nodeOf(1)).toBe("node5");
  expect(cluster.events.find({ type: "resource.stopped", after: mark })).toEqual([]);
});

test.runIf(KIND === "namespaces")("a node that is cut off is fenced before its group starts elsewhere, and rejoins when it is switched on", async () => {
  const mark = cluster.events.mark();
  const lostMs = Date.now();
  await cluster.machine("node3").disconnect();
  const target = await expectFailover({ node: "node3", group: 2, mark, lostMs });
  expect(target).not.toBe("node3");
  expect(cluster.machine("node3").isOn(), "the power switch took its power").toBe(false);
  await cluster.powerOn("node3"); // with a new cable
  await cluster.settled();
});

test("while the fence device refuses, nothing of a lost node starts elsewhere; when it works again, everything does", async () => {
  const node = "node4";
  cluster.pdu.setFault(cluster.outletOf(node), "refuse");
  const mark = cluster.events.mark();
  const lostMs = Date.now();
  await (KIND === "namespaces" ? cluster.machine(node).disconnect() : cluster.crash(node));
  await cluster.until("two failed attempts", async () => cluster.events.find({ type: "fencing.failed", node, after: mark }).length >= 2, PATIENCE_MS);
  await sleep(2_000);
  expect(cluster.events.find({ type: "resource.started", resource: "server3_*", after: mark })).toEqual([]);
  expect(cluster.owners.heldSince(3, lostMs), "only the lost node ever held it").toEqual(new Set([node].filter(() => KIND === "namespaces")));
  expect((await cluster.status("node1")).nodes.find(({ name }) => name === node)).toMatchObject({ unclean: true, state: "UNCLEAN (offline)" });
  if (KIND === "namespaces") {
    // It lives, alone: without quorum it must have given up what it held (no-quorum-policy=stop).
    await cluster.until("the node that is cut off to stop its group", async () => isHeldByNobody(ownersOf(cluster, 3)), PATIENCE_MS);
    measured("since it was cut off: it has stopped its group by itself", (cluster.owners.lastHeldMs(3, node) ?? lostMs) - lostMs);
    expect(cluster.machine(node).isOn()).toBe(true);
    expect((await cluster.status(node)).haveQuorum).toBe(false);
  }
  cluster.pdu.setFault(cluster.outletOf(node), "none");
  await expectFailover({ node, group: 3, mark, lostMs });
  await cluster.powerOn(node);
});

test("when the DC crashes another is elected, and it recovers what ran there", async () => {
  const before = await cluster.status();
  const dc = before.dc!;
  const groups = [0, 1, 2, 3].filter((group) => before.resources.find(({ id }) => id === `server${group}`)?.nodes.includes(dc));
  // So that there is something to recover wherever the DC is by now.
  const [witness] = groups.length > 0 ? groups : [0];
  if (groups.length === 0) {
    expect(await cluster.cli(dc, "resource", "move", "server0", dc)).toMatchObject({ code: 0 });
    await cluster.until("server0 to run beside the DC", async () => (await cluster.nodeOf(0)) === dc, PATIENCE_MS);
    expect(await cluster.cli(dc, "resource", "clear", "server0")).toMatchObject({ code: 0 });
  }
  const mark = cluster.events.mark();
  const lostMs = Date.now();
  await cluster.crash(dc);
  const [elected] = await cluster.until("another DC", async () => nonEmpty(cluster.events.find({ type: "dc.elected", after: mark })), PATIENCE_MS);
  measured("since the crash of the DC: another is elected", elected!.atMs - lostMs);
  expect(elected!.node).not.toBe(dc);
  await expectFailover({ node: dc, group: witness!, mark, lostMs });
  const now = await cluster.status();
  expect(now.dc).toBe(elected!.node);
  await cluster.powerOn(dc);
  await cluster.settled();
});

function nonEmpty<T>(items: readonly T[]): readonly T[] | null {
  return items.length === 0 ? null : items;
}
