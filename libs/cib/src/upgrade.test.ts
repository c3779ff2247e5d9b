import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadCib, parseCib, serializeCib } from "./cib.ts";
import { attribute, child, children, makeElement } from "./element.ts";
import { readNvpairs } from "./nvpair.ts";
import { parseXml } from "./parse-xml.ts";
import { serializeXml } from "./serialize-xml.ts";
import type { LoadedCib, XmlElement } from "./types.ts";
import { SCHEMA_NAME, upgradeCib } from "./upgrade.ts";

function load(text: string): LoadedCib {
  const result = parseCib(text);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** The upgraded document followed by what was said about it. */
function report({ cib, issues }: LoadedCib): string {
  const lines = issues.map(({ severity, path, place, message }) => `${severity} ${path} ${place?.line ?? 0}:${place?.column ?? 0}\n  ${message}\n`);
  return `${serializeCib(cib)}\n<!--\n${lines.join("")}-->\n`;
}

describe("golden: whole documents", () => {
  test.each(["heartbeat-2.0", "pacemaker-1.2"])("%s", async (name) => {
    const text = readFileSync(new URL(`../testdata/${name}.xml`, import.meta.url), "utf8");
    const loaded = load(text);
    await expect(report(loaded)).toMatchFileSnapshot(`../testdata/${name}.upgraded.xml`);
    // Once upgraded, a document is left alone: what is said then is what the check says of any document.
    const again = load(serializeCib(loaded.cib));
    expect(serializeCib(again.cib)).toBe(serializeCib(loaded.cib));
    expect(again.issues.filter(({ message }) => !message.includes("is of the past"))).toEqual([]);
  });
});

const VERSION = `admin_epoch="0" epoch="0" num_updates="0"`;

/** The constraint of an upgraded document that has this one in Heartbeat's grammar. */
function constraint(old: string): string {
  const text = `<cib ${VERSION} have_quorum="true"><configuration><crm_config/><nodes/><resources/><constraints>${old}</constraints></configuration><status/></cib>`;
  const parsed = parseXml(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const configuration = child(upgradeCib(parsed.value).root, "configuration");
  return (child(configuration as XmlElement, "constraints")?.children ?? []).map((element) => serializeXml(element)).join("");
}

// `from` is the resource after `to` unless type is before; `action` belongs to `from`, `to_action` to `to` and is `action` if absent.
test.each([
  { old: `type="before"`, want: `first="a" then="b"` },
  { old: `type="after"`, want: `first="b" then="a"` },
  { old: ``, want: `first="b" then="a"` },
  { old: `type="before" action="stop"`, want: `first="a" then="b" first-action="stop"` },
  { old: `type="after" action="stop"`, want: `first="b" then="a" first-action="stop"` },
  { old: `type="before" action="stop" to_action="start"`, want: `first="a" then="b" first-action="stop" then-action="start"` },
  { old: `type="after" action="stop" to_action="start"`, want: `first="b" then="a" first-action="start" then-action="stop"` },
  { old: `type="after" to_action="promote"`, want: `first="b" then="a" first-action="promote" then-action="start"` },
  { old: `type="before" to_action="promote"`, want: `first="a" then="b" then-action="promote"` },
  { old: `type="before" score="0" symmetrical="false"`, want: `score="0" symmetrical="false" first="a" then="b"` },
])("rsc_order $old", ({ old, want }) => {
  expect(constraint(`<rsc_order id="o" from="a" to="b" ${old}/>`)).toBe(`<rsc_order id="o" ${want}/>`);
});

test.each([
  { old: `<rsc_colocation id="c" from="a" to="b" score="-infinity" from_role="SLAVE" to_role="master" symmetrical="false"/>`, want: `<rsc_colocation id="c" rsc="a" with-rsc="b" score="-INFINITY" rsc-role="Unpromoted" with-rsc-role="Promoted"/>` },
  { old: `<rsc_location id="l" rsc="a" node="n" score="1.7"/>`, want: `<rsc_location id="l" rsc="a" node="n" score="1"/>` },
  { old: `<rsc_location id="l" rsc="a"><rule id="l" boolean_op="AND"/></rsc_location>`, want: `<rsc_location id="l" rsc="a"><rule id="l-2" boolean-op="and" score="0"><expression id="l-2-expression" attribute="#uname" operation="defined"/></rule></rsc_location>` },
  { old: `<rsc_location id="l" rsc="a"><rule id="r" score="5"><date_expression start="2008-01-01"><duration years="1"/></date_expression></rule></rsc_location>`, want: `<rsc_location id="l" rsc="a"><rule id="r" score="5"><date_expression id="r-date_expression" start="2008-01-01" operation="in_range"><duration id="r-date_expression-duration" years="1"/></date_expression></rule></rsc_location>` },
  { old: `<rsc_location id="l" rsc="a"><rule id="r" score="5"><date_expression id="d" start="2008-01-01" operation="gt"><duration years="1"/></date_expression><date_expression id="e"><date_spec id="f" hours="1"/></date_expression></rule></rsc_location>`, want: `<rsc_location id="l" rsc="a"><rule id="r" score="5"><date_expression id="d" start="2008-01-01" operation="gt"/><date_expression id="e" operation="date_spec"><date_spec id="f" hours="1"/></date_expression></rule></rsc_location>` },
])("$old", ({ old, want }) => expect(constraint(old)).toBe(want));

describe("which documents are upgraded, and from what", () => {
  const document = (attributes: string): XmlElement => {
    const parsed = parseXml(`<cib ${VERSION} ${attributes}><configuration/></cib>`);
    return parsed.ok ? parsed.value : makeElement("none");
  };
  const option = (root: XmlElement, name: string): string | undefined => {
    const config = child(child(root, "configuration") as XmlElement, "crm_config");
    return config === null ? undefined : readNvpairs(children(config, "cluster_property_set")[0] ?? config).get(name);
  };

  test.each([
    { attributes: `validate-with="pacemaker-1.0"`, schema: SCHEMA_NAME, said: [] },
    { attributes: `validate-with="pacemaker-2.10"`, schema: SCHEMA_NAME, said: [] },
    { attributes: `validate-with="pacemaker-3.0"`, schema: SCHEMA_NAME, said: [] },
    { attributes: `validate-with="pacemaker-3.10"`, schema: SCHEMA_NAME, said: [] },
    { attributes: `validate-with="none"`, schema: "none", said: [] },
    { attributes: ``, schema: SCHEMA_NAME, said: [`warning no validate-with: read as ${SCHEMA_NAME}`] },
    { attributes: `validate-with="pacemaker-4.0"`, schema: "pacemaker-4.0", said: [`error validate-with="pacemaker-4.0" is no schema of Heartbeat or Pacemaker up to ${SCHEMA_NAME}`] },
    { attributes: `validate-with="pacemaker-2.11"`, schema: "pacemaker-2.11", said: [`error validate-with="pacemaker-2.11" is no schema of Heartbeat or Pacemaker up to ${SCHEMA_NAME}`] },
  ])("$attributes", ({ attributes, schema, said }) => {
    const { root, issues } = upgradeCib(document(attributes));
    expect(attribute(root, "validate-with")).toBe(schema);
    expect(issues.map(({ severity, message }) => `${severity} ${message}`)).toEqual(said);
    expect(loadCib(document(attributes)).ok).toBe(!said.some((line) => line.startsWith("error")));
  });

  test.each([`have_quorum="true"`, `validate-with="transitional-0.6"`, `validate-with="pacemaker-0.6"`])("%s is Heartbeat's, and its defaults are written down", (attributes) => {
    const old = document(attributes);
    const config = makeElement("crm_config");
    const { root } = upgradeCib({ ...old, children: [makeElement("configuration", {}, [config])] });
    expect(option(root, "stonith-enabled")).toBe("false");
    expect(option(root, "placement-strategy")).toBe("balanced");
  });

  test("what the administrator has set stays", () => {
    const set = makeElement("cluster_property_set", { id: "c" }, [
      makeElement("attributes", {}, [makeElement("nvpair", { id: "1", name: "stonith_enabled", value: "true" }), makeElement("nvpair", { id: "2", name: "placement-strategy", value: "default" })]),
    ]);
    const { root } = upgradeCib({ ...document(`dc_uuid="x"`), children: [makeElement("configuration", {}, [makeElement("crm_config", {}, [set])])] });
    expect([option(root, "stonith-enabled"), option(root, "placement-strategy")]).toEqual(["true", "default"]);
  });
});

test.each([
  { text: `<cib epoch="1" num_updates="0"><configuration/></cib>`, want: "<cib> lacks the attribute admin_epoch" },
  { text: `<cib admin_epoch="x" epoch="1" num_updates="0"><configuration/></cib>`, want: `admin_epoch="x" in <cib>: expected an integer from 0` },
  { text: `<configuration/>`, want: "the document element is <configuration>; expected <cib>" },
])("a document that cannot be loaded says why: $want", ({ text, want }) => {
  const result = parseCib(text);
  expect(result.ok ? [] : result.error.issues.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([want]);
});

const REFERENCE = new URL("../../../../shared/reference/cib/", import.meta.url);

describe.runIf(existsSync(REFERENCE))("the documents of the reference", () => {
  const reference = (name: string): string => readFileSync(new URL(name, REFERENCE), "utf8");

  test("the malformed document: both stray tags, with line, column and what was expected", () => {
    const result = parseCib(reference("cib-2008-malformed.xml"));
    expect(result.ok ? [] : result.error.issues.map(({ place, message }) => `${place?.line}:${place?.column} ${message}`)).toEqual([
      `90:10 expected </group> because <group id="server2"> at 89:8 is open, found </primitive>, which has no start tag`,
      `124:10 expected </group> because <group id="server3"> at 123:8 is open, found </primitive>, which has no start tag`,
    ]);
  });

  test("the 2007 document means what Pacemaker's own upgrade makes of it, but for the placement strategy", () => {
    const ours = meaning(load(reference("cib-2007.xml")).cib.root);
    const theirs = meaning(load(reference("sim-initial.xml")).cib.root);
    expect(ours["crm_config"]).toEqual([...(theirs["crm_config"] ?? []), "placement-strategy=balanced"].toSorted());
    expect({ ...ours, crm_config: [] }).toEqual({ ...theirs, crm_config: [] });
    expect(ours["resources"]).toHaveLength(22);
    expect(ours["constraints"]).toHaveLength(20);
  });

  test("the later document loads, with a fence device for each of four nodes", () => {
    const { cib } = load(reference("cib-2008-fixed.xml"));
    expect(meaning(cib.root)["resources"]?.filter((line) => line.includes("stonith"))).toHaveLength(4);
  });
});

/** What a configuration says, without ids of sets and pairs, and without the order of what has none. */
function meaning(root: XmlElement): Record<string, string[]> {
  const configuration = child(root, "configuration") as XmlElement;
  const section = (name: string): readonly XmlElement[] => child(configuration, name)?.children ?? [];
  const options = (name: string): string[] => section(name).flatMap(pairsOf).toSorted();
  const resources = (elements: readonly XmlElement[], parent: string): string[] =>
    elements.filter(({ name }) => ["primitive", "group", "clone"].includes(name)).flatMap((element) => {
      const { id = "", class: agentClass, provider, type } = element.attributes;
      const sets = ["meta_attributes", "instance_attributes"].map((name) => children(element, name).flatMap(pairsOf).toSorted().join(" "));
      const operations = children(element, "operations").flatMap(({ children: ops }) => ops.map(({ attributes }) => sorted(attributes)));
      const line = [parent, element.name, id, agentClass, provider, type, ...sets, ...operations].join("|");
      return [line, ...resources(element.children, id)];
    });
  const constraints = section("constraints").map(({ name, attributes, children: rules }) => `${name} ${sorted(attributes)} ${rules.map(ruleText).join()}`);
  return {
    crm_config: options("crm_config"), rsc_defaults: options("rsc_defaults"), op_defaults: options("op_defaults"), constraints,
    resources: resources(section("resources"), ""),
  };
}

function pairsOf(set: XmlElement): string[] {
  return [...readNvpairs(set)].map(([name, value]) => `${name}=${value}`);
}

function sorted(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes).map(([name, value]) => `${name}=${value}`).toSorted().join(" ");
}

function ruleText(rule: XmlElement): string {
  const { id: _, ...attributes } = rule.attributes;
  return `${rule.name}(${sorted(attributes)} ${rule.children.map(ruleText).join()})`;
}
