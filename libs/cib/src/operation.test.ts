import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { emptyCib, formatVersion, parseCib, serializeCib } from "./cib.ts";
import { digestCib } from "./digest.ts";
import { attribute, child, descendants, makeElement, withAttribute } from "./element.ts";
import { applyOperation, updateStatus } from "./operation.ts";
import { definesId } from "./schema-configuration.ts";
import { serializeXml } from "./serialize-xml.ts";
import type { Cib, CibOperation, CibSection, XmlElement } from "./types.ts";

const DUMMY = `class="ocf" provider="pacemaker" type="Dummy"`;

const BASE = load(`<cib validate-with="pacemaker-3.9" admin_epoch="1" epoch="5" num_updates="7" have-quorum="1" dc-uuid="1">
  <configuration>
    <crm_config><cluster_property_set id="options"><nvpair id="o1" name="stonith-enabled" value="true"/></cluster_property_set></crm_config>
    <nodes><node id="1" uname="a"/><node id="2" uname="b"/></nodes>
    <resources>
      <primitive id="x" ${DUMMY}/>
      <group id="g"><primitive id="y" ${DUMMY}><operations><op id="y-m" name="monitor" interval="10s"/></operations></primitive></group>
    </resources>
    <constraints><rsc_location id="l" rsc="x" node="a" score="1"/></constraints>
    <tags><tag id="t"><obj_ref id="x"/></tag></tags>
  </configuration>
  <status>
    <node_state id="1" uname="a"><lrm id="1"><lrm_resources><lrm_resource id="x"/></lrm_resources></lrm></node_state>
    <node_state id="2" uname="b"><lrm id="2"><lrm_resources><lrm_resource id="x"/></lrm_resources></lrm></node_state>
  </status>
</cib>`);

function load(text: string): Cib {
  const result = parseCib(text);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.cib;
}

/** `version section` after the change (the section without its parents), or the code and the first message. */
function outcome(operation: CibOperation, show: string, cib: Cib = BASE): string {
  const result = applyOperation(cib, operation);
  if (!result.ok) return `${result.error.code} ${result.error.issues.find(({ severity }) => severity === "error")?.message ?? ""}`;
  const found = [...descendants(result.value.root)].find(({ name }) => name === show);
  return `${formatVersion(result.value.version)} ${found === undefined ? "-" : serializeXml(found)}`;
}

const modify = (section: CibSection, xml: string, allowCreate = false): CibOperation => ({ kind: "modify", section, xml, allowCreate });
const create = (section: CibSection, xml: string, parentId: string | null = null): CibOperation => ({ kind: "create", section, xml, parentId });
const remove = (section: CibSection, xml: string): CibOperation => ({ kind: "delete", section, xml });
const replace = (section: CibSection, xml: string, force = false): CibOperation => ({ kind: "replace", section, xml, force });

describe("modify", () => {
  test.each([
    { name: "attributes are merged, found by name and id at any depth", operation: modify("resources", `<op id="y-m" timeout="5s" interval="20s"/>`), show: "op", want: `1.6.0 <op id="y-m" name="monitor" interval="20s" timeout="5s"/>` },
    { name: "children that are new are added", operation: modify("crm_config", `<cluster_property_set id="options"><nvpair id="o1" value="false"/><nvpair id="o2" name="cluster-name" value="c"/></cluster_property_set>`), show: "crm_config", want: `1.6.0 <crm_config><cluster_property_set id="options"><nvpair id="o1" name="stonith-enabled" value="false"/><nvpair id="o2" name="cluster-name" value="c"/></cluster_property_set></crm_config>` },
    { name: "the section itself can be given", operation: modify("nodes", `<nodes><node id="2" uname="b" type="member"/></nodes>`), show: "nodes", want: `1.6.0 <nodes><node id="1" uname="a"/><node id="2" uname="b" type="member"/></nodes>` },
    { name: "what does not exist is an error", operation: modify("nodes", `<node id="3" uname="c"/>`), show: "nodes", want: `QUORATE_NOT_FOUND <node id="3"> does not exist in <nodes>` },
    { name: "unless it may be created", operation: modify("nodes", `<node id="3" uname="c"/>`, true), show: "nodes", want: `1.6.0 <nodes><node id="1" uname="a"/><node id="2" uname="b"/><node id="3" uname="c"/></nodes>` },
    { name: "a section that does not exist yet comes into being", operation: modify("alerts", `<alert id="mail" path="/x"/>`, true), show: "alerts", want: `1.6.0 <alerts><alert id="mail" path="/x"/></alerts>` },
    { name: "no change, no new version", operation: modify("nodes", `<node id="1" uname="a"/>`), show: "nodes", want: `1.5.7 <nodes><node id="1" uname="a"/><node id="2" uname="b"/></nodes>` },
    { name: "status counts updates only and is not checked", operation: modify("status", `<node_state id="1" crmd="online" strange="1"/>`), show: "node_state", want: `1.5.8 <node_state id="1" uname="a" crmd="online" strange="1"><lrm id="1"><lrm_resources><lrm_resource id="x"/></lrm_resources></lrm></node_state>` },
    { name: "in status, ids repeat: one that fits twice is refused", operation: modify("status", `<lrm_resource id="x" type="t"/>`), show: "status", want: `QUORATE_CIB_INVALID <lrm_resource id="x"> matches 2 elements: give the one around it too` },
    { name: "attributes of the document count updates", operation: modify("all", `<cib have-quorum="0"/>`), show: "nodes", want: `1.5.8 <nodes><node id="1" uname="a"/><node id="2" uname="b"/></nodes>` },
    { name: "the version cannot be set", operation: modify("all", `<cib epoch="99" num_updates="99" dc-uuid="2"/>`), show: "nodes", want: `1.5.8 <nodes><node id="1" uname="a"/><node id="2" uname="b"/></nodes>` },
    { name: "but the admin epoch can be raised", operation: modify("all", `<cib admin_epoch="4"/>`), show: "tags", want: `4.6.0 <tags><tag id="t"><obj_ref id="x"/></tag></tags>` },
    { name: "an invalid result is refused", operation: modify("nodes", `<node id="1" score="many"/>`), show: "nodes", want: `QUORATE_CIB_INVALID score="many" in <node>: expected an integer, INFINITY or -INFINITY` },
    { name: "ill-formed XML is refused", operation: modify("nodes", `<node id="1">`), show: "nodes", want: `QUORATE_CIB_INVALID expected </node> because <node id="1"> at 1:1 is open, found the end of the document` },
  ])("$name", ({ operation, show, want }) => expect(outcome(operation, show)).toBe(want));
});

describe("create", () => {
  test.each([
    { name: "below the section", operation: create("constraints", `<rsc_order id="o" first="x" then="y"/>`), show: "constraints", want: `1.6.0 <constraints><rsc_location id="l" rsc="x" node="a" score="1"/><rsc_order id="o" first="x" then="y"/></constraints>` },
    { name: "below a parent", operation: create("resources", `<primitive id="z" ${DUMMY}/>`, "g"), show: "group", want: `1.6.0 <group id="g"><primitive id="y" ${DUMMY}><operations><op id="y-m" name="monitor" interval="10s"/></operations></primitive><primitive id="z" ${DUMMY}/></group>` },
    { name: "the children of a given section", operation: create("nodes", `<nodes><node id="3" uname="c"/></nodes>`), show: "nodes", want: `1.6.0 <nodes><node id="1" uname="a"/><node id="2" uname="b"/><node id="3" uname="c"/></nodes>` },
    { name: "a parent that does not exist", operation: create("resources", `<primitive id="z" ${DUMMY}/>`, "h"), show: "group", want: "QUORATE_NOT_FOUND no element with id h in <resources>" },
    { name: "an existing element", operation: create("nodes", `<node id="1" uname="a"/>`), show: "nodes", want: `QUORATE_EXISTS <node id="1"> exists already in <nodes>` },
    { name: "an id used elsewhere in the configuration", operation: create("constraints", `<rsc_order id="y-m" first="x" then="y"/>`), show: "nodes", want: `QUORATE_EXISTS <rsc_order id="y-m"> exists already in <constraints>` },
    { name: "a node may have the name of a resource", operation: create("nodes", `<node id="x" uname="x"/>`), show: "node", want: `1.6.0 <node id="1" uname="a"/>` },
    { name: "an id inside what is created is checked too", operation: create("resources", `<group id="h"><primitive id="x" ${DUMMY}/></group>`), show: "nodes", want: expect.stringContaining("QUORATE_CIB_INVALID id x is used twice") as string },
    { name: "another reference to the same thing", operation: create("tags", `<tag id="u"><obj_ref id="x"/></tag>`), show: "tags", want: `1.6.0 <tags><tag id="t"><obj_ref id="x"/></tag><tag id="u"><obj_ref id="x"/></tag></tags>` },
    { name: "state of a node", operation: create("status", `<node_state id="3"/>`), show: "nodes", want: `1.5.8 <nodes><node id="1" uname="a"/><node id="2" uname="b"/></nodes>` },
    { name: "state that is there", operation: create("status", `<node_state id="2"/>`), show: "nodes", want: `QUORATE_EXISTS <node_state id="2"> exists already in <status>` },
  ])("$name", ({ operation, show, want }) => expect(outcome(operation, show)).toEqual(want));
});

describe("delete", () => {
  test.each([
    { name: "by name and id, other attributes do not matter", operation: remove("constraints", `<rsc_location id="l" rsc="other"/>`), show: "constraints", want: "1.6.0 <constraints/>" },
    { name: "without id by the attributes given", operation: remove("resources", `<op name="monitor"/>`), show: "operations", want: "1.6.0 <operations/>" },
    { name: "everywhere it matches", operation: remove("status", `<lrm_resource id="x"/>`), show: "status", want: `1.5.8 <status><node_state id="1" uname="a"><lrm id="1"><lrm_resources/></lrm></node_state><node_state id="2" uname="b"><lrm id="2"><lrm_resources/></lrm></node_state></status>` },
    { name: "several, given inside the section", operation: remove("nodes", `<nodes><node id="1"/><node id="2"/></nodes>`), show: "nodes", want: "1.6.0 <nodes/>" },
    { name: "nothing there", operation: remove("nodes", `<node id="9"/>`), show: "nodes", want: `QUORATE_NOT_FOUND <node id="9"> does not exist in <nodes>` },
    { name: "no description of what", operation: remove("nodes", `<node/>`), show: "nodes", want: "QUORATE_CIB_INVALID <node> without id or attributes would match everything" },
    { name: "a whole section", operation: remove("nodes", `<nodes/>`), show: "nodes", want: "QUORATE_CIB_INVALID <nodes> itself cannot be deleted: name what is to go" },
    { name: "the last member of a group leaves an invalid document", operation: remove("resources", `<primitive id="y"/>`), show: "group", want: "QUORATE_CIB_INVALID <group> lacks <primitive>" },
  ])("$name", ({ operation, show, want }) => expect(outcome(operation, show)).toBe(want));
});

describe("replace", () => {
  const document = (version: string, inside = ""): string => {
    const [admin, epoch, updates] = version.split(".");
    return `<cib validate-with="pacemaker-3.9" admin_epoch="${admin}" epoch="${epoch}" num_updates="${updates}" have-quorum="0"><configuration><crm_config/><nodes/><resources>${inside}</resources><constraints/></configuration><status><node_state id="9"/></status></cib>`;
  };
  test.each([
    { name: "a section", operation: replace("constraints", "<constraints/>"), show: "constraints", want: "1.6.0 <constraints/>" },
    { name: "an element, found by name and id", operation: replace("resources", `<primitive id="y" class="lsb" type="s"/>`), show: "group", want: `1.6.0 <group id="g"><primitive id="y" class="lsb" type="s"/></group>` },
    { name: "an element that is not there", operation: replace("resources", `<primitive id="z" class="lsb" type="s"/>`), show: "group", want: `QUORATE_NOT_FOUND <primitive id="z"> does not exist in <resources>` },
    { name: "status", operation: replace("status", `<status><node_state id="1"/></status>`), show: "status", want: `1.5.8 <status><node_state id="1"/></status>` },
    { name: "by an equal section changes nothing", operation: replace("nodes", `<nodes>\n<node uname="a" id="1"/><node id="2" uname="b"/></nodes>`), show: "nodes", want: `1.5.7 <nodes><node id="1" uname="a"/><node id="2" uname="b"/></nodes>` },
    { name: "the document by a newer one: its version counts", operation: replace("all", document("1.6.0")), show: "nodes", want: "1.6.0 <nodes/>" },
    { name: "the document by one of the same version: the next version", operation: replace("all", document("1.5.7")), show: "nodes", want: "1.6.0 <nodes/>" },
    { name: "the document by an older one", operation: replace("all", document("1.5.6")), show: "nodes", want: "QUORATE_CIB_STALE the document has version 1.5.6, older than the present 1.5.7" },
    { name: "the document by an older one with force: the next version", operation: replace("all", document("0.1.0"), true), show: "nodes", want: "1.6.0 <nodes/>" },
    { name: "an invalid document, force or not", operation: replace("all", document("9.0.0", "<x/>"), true), show: "nodes", want: expect.stringContaining("QUORATE_CIB_INVALID <x> is not allowed in <resources>") as string },
    { name: "another document element", operation: replace("all", "<configuration/>"), show: "nodes", want: "QUORATE_CIB_INVALID the document element is <configuration>; expected <cib>" },
    { name: "status and what the cluster knows of itself survive a new document", operation: replace("all", document("2.0.0")), show: "node_state", want: `2.0.0 <node_state id="1" uname="a"><lrm id="1"><lrm_resources><lrm_resource id="x"/></lrm_resources></lrm></node_state>` },
  ])("$name", ({ operation, show, want }) => expect(outcome(operation, show)).toEqual(want));

  test("attributes that the cluster writes itself survive, others come with the document", () => {
    const result = applyOperation(BASE, replace("all", document("2.0.0")));
    expect(result.ok && [attribute(result.value.root, "have-quorum"), attribute(result.value.root, "dc-uuid")]).toEqual(["1", "1"]);
  });

  test("a Heartbeat 2.0 document is upgraded on its way in", () => {
    const text = readFileSync(new URL("../testdata/heartbeat-2.0.xml", import.meta.url), "utf8");
    expect(outcome(replace("all", text), "rsc_colocation", emptyCib())).toBe(`0.7.2 <rsc_colocation id="together" rsc="files" with-rsc="mirror" with-rsc-role="Promoted" score="INFINITY"/>`);
  });
});

test("an error changes nothing: the document is the same object with the same digest", () => {
  const before = digestCib(BASE);
  for (const operation of [modify("nodes", `<node id="1" score="x"/>`), remove("resources", `<primitive id="y"/>`), replace("all", "<x/>")]) {
    expect(applyOperation(BASE, operation).ok).toBe(false);
  }
  expect(digestCib(BASE)).toBe(before);
});

test("a change shares what it does not touch", () => {
  const result = applyOperation(BASE, modify("status", `<node_state id="1" crmd="online"/>`));
  const [before, after] = [BASE, result.ok ? result.value : emptyCib()].map(({ root }) => root) as [XmlElement, XmlElement];
  expect(child(after, "configuration")).toBe(child(before, "configuration"));
  expect(child(after, "status")?.children[1]).toBe(child(before, "status")?.children[1]);
});

test("updateStatus counts one update, or none when nothing changed", () => {
  const after = updateStatus(BASE, (status) => withAttribute(status, "mark", "1"));
  expect([formatVersion(after.version), attribute(after.root, "num_updates"), attribute(child(after.root, "status") as XmlElement, "mark")]).toEqual(["1.5.8", "8", "1"]);
  expect(updateStatus(BASE, (status) => status)).toBe(BASE);
});

test("a status update of five nodes with 40 resources each takes well under a millisecond", () => {
  const result = (node: number, at: number): XmlElement => makeElement("lrm_resource", { id: `r${at}` }, [makeElement("lrm_rsc_op", { id: `r${at}_last_0`, operation: "start", "call-id": `${node}`, "rc-code": "0" })]);
  const nodes = [1, 2, 3, 4, 5].map((node) => makeElement("node_state", { id: `${node}` }, [makeElement("lrm", { id: `${node}` }, [makeElement("lrm_resources", {}, Array.from({ length: 40 }, (_, at) => result(node, at)))])]));
  let cib = updateStatus(emptyCib(), (status) => ({ ...status, children: nodes }));
  const xml = (round: number): string => `<node_state id="5"><lrm id="5"><lrm_resources><lrm_resource id="r39"><lrm_rsc_op id="r39_last_0" rc-code="${round}"/></lrm_resource></lrm_resources></lrm></node_state>`;
  const times: number[] = [];
  for (let round = 1; round <= 300; round += 1) {
    const before = performance.now();
    const applied = applyOperation(cib, modify("status", xml(round)));
    times.push(performance.now() - before);
    cib = applied.ok ? applied.value : cib;
  }
  expect(cib.version.numUpdates).toBe(301);
  // The median, because the machine may do other things in between.
  expect(times.toSorted((a, b) => a - b)[150]).toBeLessThan(1);
});

const anId = fc.constantFrom("x", "y", "g", "l", "t", "o1", "new-1", "new-2", "1", "2", "y-m");
const aSection = fc.constantFrom<CibSection>("all", "configuration", "crm_config", "nodes", "resources", "constraints", "tags", "status");
/** XML with the section it belongs to, most of the time. */
const content: fc.Arbitrary<readonly [CibSection, string]> = fc.oneof(
  anId.map((id) => ["resources", `<primitive id="${id}" ${DUMMY}/>`] as const),
  fc.tuple(anId, anId).map(([id, inner]) => ["resources", `<group id="${id}"><primitive id="${inner}" ${DUMMY}/></group>`] as const),
  fc.tuple(anId, anId, anId).map(([id, first, then]) => ["constraints", `<rsc_order id="${id}" first="${first}" then="${then}"/>`] as const),
  anId.map((id) => ["nodes", `<node id="${id}" uname="${id}"/>`] as const),
  anId.map((id) => ["crm_config", `<nvpair id="${id}" name="cluster-name" value="${id}"/>`] as const),
  anId.map((id) => ["status", `<node_state id="${id}" crmd="online"/>`] as const),
  fc.tuple(aSection, fc.constantFrom("<resources/>", "<nodes/>", "<status/>", "<broken", "<op/>", `<cib have-quorum="0"/>`, `<tags><tag id="new-3"><obj_ref id="x"/></tag></tags>`)),
);
const anOperation: fc.Arbitrary<CibOperation> = fc
  .record({
    content, other: fc.option(aSection, { freq: 5 }), kind: fc.constantFrom("replace", "modify", "create", "delete"), yes: fc.boolean(),
    parentId: fc.option(anId, { freq: 2 }),
  })
  .map(({ content: [own, xml], other, kind, yes, parentId }): CibOperation => {
    const section = other ?? own;
    if (kind === "replace") return replace(section, xml, yes);
    if (kind === "modify") return modify(section, xml, yes);
    return kind === "create" ? create(section, xml, parentId) : remove(section, xml);
  });

test("property: whatever is applied, ids stay unique, versions grow, and replicas agree with a document read from disk", () => {
  let applied = 0;
  fc.assert(
    fc.property(fc.array(anOperation, { minLength: 8, maxLength: 16 }), (operations) => {
      let cib = BASE;
      for (const operation of operations) {
        const result = applyOperation(cib, operation);
        if (!result.ok) continue;
        const next = result.value;
        if (next === cib) continue;
        applied += 1;
        const [a, b] = [cib.version, next.version];
        const grew = b.adminEpoch === a.adminEpoch && (b.epoch > a.epoch || (b.epoch === a.epoch && b.numUpdates === a.numUpdates + 1));
        const ids = [...descendants(child(next.root, "configuration") as XmlElement)].flatMap((element) => (definesId(element.name) ? [attribute(element, "id")] : []));
        if (!grew || new Set(ids).size !== ids.length) return false;
        cib = next;
      }
      return digestCib(load(serializeCib(cib))) === digestCib(cib);
    }),
    { numRuns: 250 },
  );
  expect(applied).toBeGreaterThan(100);
});
