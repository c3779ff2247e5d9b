/**
 * Ten questions that administrators ask, and what they are told: testdata/why/<name>.txt. Each answer has to name the cause in words
 * that they know; those words stand here beside the situation.
 */
import { join } from "node:path";
import { type Cib, parseCib } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { explainResource } from "./explain-resource.ts";
import { explanationLines } from "./words.ts";

const TESTDATA = join(import.meta.dirname, "../../testdata/why");
const NOW_MS = Date.UTC(2026, 0, 1, 12);
const FAILED_AT = NOW_MS / 1000 - 3600;

interface Situation {
  readonly question: string;
  readonly resource: string;
  readonly node?: string;
  readonly cib: Cib;
  /** Words of the answer that name the cause, and the change that helps. */
  readonly cause: readonly string[];
  readonly change: string | null;
}

interface Sketch {
  /** `n1 n2! n3-`: `!` is lost, `-` is off. */
  readonly nodes: string;
  readonly resources: string;
  /** `db@n1`: what runs where. */
  readonly running: string;
  readonly options?: string;
  readonly constraints?: string;
  readonly defaults?: string;
  /** More entries of a history: node, resource, entry. */
  readonly entries?: readonly (readonly [node: string, resource: string, entry: string])[];
  /** Transient attributes, by node. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly capacity?: string;
  readonly tickets?: string;
  readonly quorum?: boolean;
}

const primitive = (id: string, inner = ""): string => `<primitive id="${id}" class="ocf" provider="test" type="Dummy">${inner}</primitive>`;
const meta = (id: string, pairs: string): string => `<meta_attributes id="${id}-meta">${nvpairs(pairs, `${id}-meta`)}</meta_attributes>`;
const cpu = (id: string, amount: number): string => `<utilization id="${id}-u">${nvpairs(`cpu=${amount}`, `${id}-u`)}</utilization>`;

function nvpairs(text: string, prefix: string): string {
  return text.split(" ").filter((item) => item !== "").map((item) => {
    const [name = "", value = ""] = item.split("=");
    return `<nvpair id="${prefix}-${name.replaceAll(/[^\w-]/g, ".")}" name="${name}" value="${value}"/>`;
  }).join("");
}

/** An entry of the last operation, or with `failed` of the last failure. */
function entry(id: string, task: string, { rc = 0, expected = 0, call = 2, failed = false, reason = "", interval = 0 }: { rc?: number; expected?: number; call?: number; failed?: boolean; reason?: string; interval?: number }): string {
  const since = failed ? ` last-rc-change="${FAILED_AT}"` : "";
  const digest = task === "start" ? ' op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"' : "";
  return `<lrm_rsc_op id="${id}_last_${failed ? "failure_" : ""}0" operation_key="${id}_${task}_${interval}" operation="${task}" interval="${interval}" call-id="${call}" rc-code="${rc}" op-status="0" transition-key="1:1:${expected}:x" exit-reason="${reason}"${since}${digest}/>`;
}

function sketch({ nodes, resources, running, options = "", constraints = "", defaults = "", entries = [], attributes = {}, capacity = "", tickets = "", quorum = true }: Sketch): Cib {
  const names = nodes.split(" ").map((name) => ({ name: name.replace(/\W/, ""), mark: name.replace(/\w+/, "") }));
  const ids = [...resources.matchAll(/<primitive id="([\w-]+)" class="ocf"/g)].map((match) => match[1] ?? "");
  const places = new Set(running.split(" "));
  const states = names.map(({ name, mark }) => {
    const seen = { "!": 'in_ccm="false" crmd="offline" join="down" expected="member"', "-": 'in_ccm="false" crmd="offline" join="down" expected="down"' }[mark] ?? 'in_ccm="true" crmd="online" join="member" expected="member"';
    const history = mark === "-" ? "" : ids.map((id) => {
      const more = entries.filter(([node, resource]) => node === name && resource === id).map(([, , text]) => text).join("");
      const last = more.includes(`id="${id}_last_0"`) ? "" : places.has(`${id}@${name}`) ? entry(id, "start", {}) : entry(id, "monitor", { rc: 7, expected: 7, call: 1 });
      return `<lrm_resource id="${id}" class="ocf" provider="test" type="Dummy">${last}${more}</lrm_resource>`;
    }).join("");
    const transient = attributes[name] === undefined ? "" : `<transient_attributes id="${name}"><instance_attributes id="t-${name}">${nvpairs(attributes[name], `t-${name}`)}</instance_attributes></transient_attributes>`;
    return `<node_state id="${name}" uname="${name}" ${seen}>${transient}<lrm id="${name}"><lrm_resources>${history}</lrm_resources></lrm></node_state>`;
  }).join("");
  const loaded = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="${quorum ? 1 : 0}">
    <configuration><crm_config><cluster_property_set id="cib-bootstrap-options">${nvpairs(options, "o")}</cluster_property_set></crm_config>
    <nodes>${names.map(({ name }) => `<node id="${name}" uname="${name}">${capacity === "" ? "" : `<utilization id="${name}-u">${nvpairs(capacity, `${name}-u`)}</utilization>`}</node>`).join("")}</nodes>
    <resources>${resources}<primitive id="device" class="stonith" type="test">${meta("device", "target-role=Stopped")}</primitive></resources>
    <constraints>${constraints}</constraints><rsc_defaults><meta_attributes id="defaults">${nvpairs(defaults, "d")}</meta_attributes></rsc_defaults></configuration>
    <status>${states}${tickets}</status></cib>`);
  if (!loaded.ok) throw new Error(loaded.error.issues.map(({ message }) => message).join("\n"));
  return loaded.value.cib;
}

const GROUP = `<group id="web">${primitive("web_ip")}${primitive("web_fs")}${primitive("web_server")}</group>`;

const SITUATIONS: Readonly<Record<string, Situation>> = {
  "will-not-start": {
    question: "It will not start: the start failed on every node.", resource: "db",
    cib: sketch({
      nodes: "n1 n2", resources: primitive("db"), running: "",
      entries: ["n1", "n2"].map((node) => [node, "db", `${entry("db", "stop", { call: 3 })}${entry("db", "start", { rc: 5, call: 2, failed: true, reason: "no such binary" })}`] as const),
      attributes: { n1: "fail-count-db#start_0=INFINITY", n2: "fail-count-db#start_0=INFINITY" },
    }),
    cause: ["db cannot use n1: start of db failed on n1", "start of db on n1 failed with rc=5: no such binary", "db has failed for good on n1"], change: "Clean up the failures of db on n1, once their cause is mended",
  },
  "moves-without-reason": {
    question: "It moves although nothing is wrong where it runs.", resource: "mail", node: "n1",
    cib: sketch({ nodes: "n1 n2", resources: `${primitive("mail", meta("mail", "priority=0"))}`, running: "mail@n1", constraints: '<rsc_location id="mail-likes-n2" rsc="mail" node="n2" score="10"/>' }),
    cause: ["Move mail n1 -> n2", "Nothing holds mail on n1: its resource-stickiness is 0", "n2 has the highest score, 10: location constraint mail-likes-n2"], change: "Remove location constraint mail-likes-n2 (mail on n2, score 10)",
  },
  "sticks-to-the-wrong-node": {
    question: "It should be on n1, which it prefers, and stays on n2.", resource: "web", node: "n1",
    cib: sketch({ nodes: "n1 n2", resources: GROUP, running: "web_ip@n2 web_fs@n2 web_server@n2", defaults: "resource-stickiness=200", constraints: '<rsc_location id="web-likes-n1" rsc="web" node="n1" score="100"/>' }),
    cause: ["n1 has a lower score for web_ip than n2: 100 against 600", "200 (stickiness resource-stickiness: it runs there)"], change: "Raise the score of location constraint web-likes-n1 from 100 to 601",
  },
  "group-half-up": {
    question: "Half of the group is up.", resource: "web",
    cib: sketch({
      nodes: "n1 n2-", resources: `<group id="web">${primitive("web_ip")}${primitive("web_fs", meta("web_fs", "migration-threshold=3"))}${primitive("web_server")}</group>`, running: "web_ip@n1",
      entries: [["n1", "web_fs", `${entry("web_fs", "stop", { call: 5 })}${entry("web_fs", "monitor", { rc: 1, call: 4, failed: true, interval: 10_000, reason: "mount is read-only" })}`]],
      attributes: { n1: `fail-count-web_fs#monitor_10000=3 last-failure-web_fs#monitor_10000=${FAILED_AT}` },
    }),
    cause: ["only 1 of 3 run, on n1; stopped: web_fs, web_server", "it failed there 3 times, migration-threshold is 3", "mount is read-only"],
    change: "Clean up the failures of web_fs on n1, once their cause is mended",
  },
  "ban-left-by-a-move": {
    question: "n1 is back, and it does not come home.", resource: "web", node: "n1",
    cib: sketch({
      nodes: "n1 n2", resources: GROUP, running: "web_ip@n2 web_fs@n2 web_server@n2",
      constraints: '<rsc_location id="cli-ban-web-on-n1" rsc="web" role="Started" node="n1" score="-INFINITY"/><rsc_location id="home" rsc="web" node="n1" score="1000"/>',
    }),
    cause: ["location constraint cli-ban-web-on-n1"], change: "Remove the ban cli-ban-web-on-n1 that a move of web has left",
  },
  "blocked-by-a-failed-stop": {
    question: "The stop failed, and nothing happens any more.", resource: "db",
    cib: sketch({
      nodes: "n1 n2", resources: primitive("db"), running: "db@n1", options: "stonith-enabled=false",
      entries: [["n1", "db", `${entry("db", "stop", { rc: 1, call: 3, reason: "device is busy" })}${entry("db", "stop", { rc: 1, call: 3, failed: true, reason: "device is busy" })}`]],
      attributes: { n1: `fail-count-db#stop_0=INFINITY last-failure-db#stop_0=${FAILED_AT}` },
    }),
    cause: ["db is blocked: stop of db on n1 failed with rc=1: device is busy", "it may still be active there"], change: "Clean up the failures of db on n1, once their cause is mended",
  },
  "waits-for-fencing": {
    question: "Its node is lost, and it does not start on the other.", resource: "db", node: "n1",
    cib: sketch({ nodes: "n1 n2! n3", resources: primitive("db"), running: "db@n2" }),
    cause: ["db may still run on n2: peer is no longer part of the cluster. n2 has to be fenced before db may start elsewhere"], change: null,
  },
  "no-quorum": {
    question: "Two nodes of three are gone, and the last one stops everything.", resource: "db", node: "n1",
    cib: sketch({ nodes: "n1 n2! n3!", resources: primitive("db"), running: "db@n1", quorum: false }),
    cause: ["The cluster has no quorum: not more than half of the nodes are there", "everything is stopped and nothing is started"], change: "Bring back enough nodes for quorum",
  },
  "ticket-revoked": {
    question: "The other site has the ticket now.", resource: "db",
    cib: sketch({
      nodes: "n1 n2", resources: primitive("db"), running: "", constraints: '<rsc_ticket id="db-needs-paris" rsc="db" ticket="paris" loss-policy="stop"/>',
      tickets: '<tickets><ticket_state id="paris" granted="false" last-granted="1767000000"/></tickets>',
    }),
    cause: ["ticket paris is not granted"], change: "Grant ticket paris to this site",
  },
  "utilization-full": {
    question: "There is a free node, and it does not start there.", resource: "report", node: "n2",
    cib: sketch({
      nodes: "n1 n2", resources: `${primitive("db", cpu("db", 6))}${primitive("web", cpu("web", 5))}${primitive("report", cpu("report", 4))}`, running: "db@n1 web@n2", options: "placement-strategy=utilization", capacity: "cpu=8",
    }),
    cause: ["not enough cpu: it needs 4, n2 has 3 left"], change: "Give n2 1 more cpu (it offers 8, 3 of it free; report needs 4), or free as much there",
  },
};

describe.each(Object.entries(SITUATIONS))("%s", (name, { question, resource, node = null, cib, cause, change }) => {
  const explained = explainResource(cib, NOW_MS, { resource, node });
  if (!explained.ok) throw new Error(explained.error);
  const lines = explanationLines(explained.value);

  test("the whole answer", async () => {
    const asked = `${question}\n$ quorate why ${resource}${node === null ? "" : ` --node ${node}`}\n`;
    await expect(`${asked}\n${lines.join("\n")}\n`).toMatchFileSnapshot(join(TESTDATA, `${name}.txt`));
  });

  test.each(cause)("names the cause: %s", (words) => expect(lines.join("\n")).toContain(words));

  test("the first change is the one that helps", () => expect(explained.value.change?.found[0]?.text ?? null).toBe(change));
});
