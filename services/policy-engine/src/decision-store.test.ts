/** The history of decisions on disk: bounded, private, and never a reason to stop. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { parseCib } from "@quorate/cib";
import type { Logger } from "@quorate/runtime";
import { silentLogger } from "@quorate/runtime";
import { outlineOf, schedule } from "@quorate/scheduler";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DecisionDocument, type DecisionRecord, recordDecision } from "./decision-record.ts";
import { type DecisionStore, type DecisionStoreLimits, openDecisionStore } from "./decision-store.ts";

let folder: string;
let warnings: string[];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "quorate-decisions-")), "decisions");
  warnings = [];
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const log: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
const open = (limits?: DecisionStoreLimits): Promise<DecisionStore> => openDecisionStore({ folder, log, ...(limits === undefined ? {} : { limits }) });
const record = (atMs: number, bytes = 10): DecisionRecord => ({
  head: { atMs, trigger: "n2 was lost", transition: atMs, actions: 3, fencing: ["n2"], digest: "ab" }, document: new Uint8Array(bytes).fill(10),
});
const ids = (store: DecisionStore): number[] => store.list().map(({ id }) => id);

test("newest first, and the document comes back byte for byte, line feeds included", async () => {
  const store = await open();
  store.keep(record(1));
  store.keep(record(2, 20));
  await store.close();
  expect(store.list()).toMatchObject([{ id: 2, atMs: 2, transition: 2, fencing: ["n2"] }, { id: 1, atMs: 1 }]);
  expect([...(await store.read(2))]).toStrictEqual([...new Uint8Array(20).fill(10)]);
});

test("another life of the policy-engine goes on where the last ended", async () => {
  const first = await open();
  first.keep(record(1));
  first.keep(record(2));
  await first.close();
  const second = await open();
  expect(second.list()).toStrictEqual(first.list());
  second.keep(record(3));
  await second.close();
  expect(ids(second)).toStrictEqual([3, 2, 1]);
});

test("no more than the limits: the oldest go, the newest always stays", async () => {
  const store = await open({ count: 3, bytes: 1_000 });
  for (let at = 1; at <= 5; at += 1) store.keep(record(at));
  await store.close();
  expect(ids(store)).toStrictEqual([5, 4, 3]);
  store.keep(record(6, 850));
  await store.close();
  expect(ids(store)).toStrictEqual([6]);
  store.keep(record(7, 5_000));
  await store.close();
  expect(ids(store)).toStrictEqual([7]);
  expect(readdirSync(folder)).toStrictEqual(["0000000007.decision"]);
});

test("only the owner may read: folder 0700, files 0600", async () => {
  const store = await open();
  store.keep(record(1));
  await store.close();
  expect([statSync(folder).mode & 0o777, statSync(join(folder, "0000000001.decision")).mode & 0o777]).toStrictEqual([0o700, 0o600]);
});

test("what is not there any more, damaged or half written is left out, and said", async () => {
  const store = await open();
  store.keep(record(1));
  store.keep(record(2));
  await store.close();
  await expect(store.read(9)).rejects.toMatchObject({ code: "QUORATE_NOT_FOUND" });
  rmSync(join(folder, "0000000001.decision"));
  await expect(store.read(1)).rejects.toMatchObject({ code: "QUORATE_NOT_FOUND" });
  for (const [name, content] of [["0000000003.decision", "no json\n"], ["0000000004.decision", "no line feed"], ["0000000005.decision.tmp", "{}\n"]] as const) writeFileSync(join(folder, name), content);
  expect(ids(await open())).toStrictEqual([2]);
  expect(warnings).toHaveLength(2);
});

test("a folder that cannot be made costs the history and nothing else", async () => {
  writeFileSync(folder, "a file stands here");
  const store = await open();
  store.keep(record(1));
  await store.close();
  expect(ids(store)).toStrictEqual([]);
  expect(warnings.at(-1)).toBe("a decision cannot be kept in the history");
});

test("a disk that is too slow drops decisions rather than memory", async () => {
  const store = await open();
  for (let at = 1; at <= 40; at += 1) store.keep(record(at));
  await store.close();
  expect(store.list()).toHaveLength(32);
  expect(warnings).toHaveLength(8);
});

test("a record holds its input whole, and its outline no secret; deciding again gives the same", async () => {
  const loaded = parseCib(`<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration><crm_config/><nodes><node id="1" uname="n1"/></nodes>
    <resources><primitive id="pdu" class="stonith" type="fence_apc"><instance_attributes id="i"><nvpair id="p" name="passwd" value="geheim"/></instance_attributes></primitive></resources><constraints/></configuration>
    <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`);
  if (!loaded.ok) throw new Error("the document is valid");
  const { cib } = loaded.value;
  const { head, document } = await recordDecision({ cib, wallMs: 5_000, about: { trigger: "a new view", transition: 4 }, decision: schedule(cib, 5_000) });
  expect(head).toMatchObject({ atMs: 5_000, trigger: "a new view", transition: 4, fencing: [] });
  expect(head.actions).toBeGreaterThan(0);
  const kept = JSON.parse(inflateSync(document).toString()) as DecisionDocument;
  expect(kept.cib).toContain("geheim");
  expect(JSON.stringify(kept.outline)).not.toContain("geheim");
  const again = parseCib(kept.cib);
  expect(again.ok && outlineOf(schedule(again.value.cib, head.atMs))).toStrictEqual(kept.outline);
});
