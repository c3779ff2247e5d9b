import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkCib } from "./check-cib.ts";
import { parseCib } from "./cib.ts";
import { descendants } from "./element.ts";
import { ISSUES_MAX } from "./issue-list.ts";
import { parseXml } from "./parse-xml.ts";
import { CONFIGURATION_SCHEMA } from "./schema-configuration.ts";
import { STATUS_SCHEMA } from "./schema-status.ts";
import { WORDS } from "./schema-notation.ts";
import { checkValue } from "./check-values.ts";
import type { CheckOptions } from "./check-cib.ts";

const COMPLETE = readFileSync(new URL("../testdata/complete.xml", import.meta.url), "utf8");

/** Each issue as `severity path: message`. */
function issues(text: string, options: CheckOptions = {}): string[] {
  const parsed = parseXml(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return checkCib(parsed.value, options).map((issue) => `${issue.severity} ${issue.path}: ${issue.message}`);
}

/** A valid document with this inside its sections. */
function cib(sections: { config?: string; nodes?: string; resources?: string; constraints?: string; rest?: string; status?: string }): string {
  const { config = "", nodes = "", resources = "", constraints = "", rest = "", status = "" } = sections;
  return `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="0" num_updates="0"><configuration><crm_config>${config}</crm_config><nodes>${nodes}</nodes>
    <resources>${resources}</resources><constraints>${constraints}</constraints>${rest}</configuration><status>${status}</status></cib>`;
}

/** A small valid primitive. */
function dummy(id: string, inside = ""): string {
  return `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy">${inside}</primitive>`;
}

describe("a document with every element of the schema", () => {
  test("has no issue", () => expect(issues(COMPLETE, { unknownNames: "error" })).toEqual([]));

  test("really has every element", () => {
    const parsed = parseXml(COMPLETE);
    const found = new Set(parsed.ok ? [...descendants(parsed.value)].map((element) => element.name) : []);
    expect([...CONFIGURATION_SCHEMA.keys(), ...STATUS_SCHEMA.keys()].filter((name) => !found.has(name))).toEqual([]);
  });

  // Any attribute that is required, or any that is not known, must be missed or found wherever it stands.
  test("is refused without any one of its required attributes, and with a strange one anywhere", () => {
    const parsed = parseXml(COMPLETE);
    if (!parsed.ok) throw new Error("testdata");
    for (const element of descendants(parsed.value)) {
      if (element.place === null || STATUS_SCHEMA.has(element.name)) continue;
      const lines = COMPLETE.split("\n");
      const { line, column } = element.place;
      const start = (lines[line - 1] ?? "").slice(0, column);
      const tag = (lines[line - 1] ?? "").slice(column);
      const edit = (changed: string): string => lines.with(line - 1, start + changed).join("\n");
      expect(issues(edit(tag.replace(element.name, `${element.name} strange="1"`))).filter((issue) => issue.startsWith("error"))[0]).toContain("unknown attribute strange");
      for (const [name, { required }] of CONFIGURATION_SCHEMA.get(element.name)?.attributes ?? []) {
        if (required) expect(issues(edit(tag.replace(new RegExp(` ${name}="[^"]*"`), "")))).toContainEqual(expect.stringMatching(/^error/));
      }
    }
  });
});

test("every kind of value in the tables is one that is checked", () => {
  const kinds = new Set([...CONFIGURATION_SCHEMA.values(), ...STATUS_SCHEMA.values()].flatMap((rule) => [...rule.attributes.values()].map(({ kind }) => kind)));
  const unchecked = [...kinds].filter((kind) => kind !== "text" && checkValue(kind, kind === "time" || kind === "interval" ? "soon" : "") === null);
  expect(unchecked).toEqual([]);
  for (const [kind, words] of Object.entries(WORDS)) for (const word of words) expect(checkValue(kind as keyof typeof WORDS, word)).toBeNull();
});

test("every child named in the tables has a rule", () => {
  for (const schema of [CONFIGURATION_SCHEMA, STATUS_SCHEMA]) {
    const missing = [...schema.values()].flatMap((rule) => [...rule.children.keys()]).filter((name) => !schema.has(name));
    expect([...new Set(missing)]).toEqual(schema === CONFIGURATION_SCHEMA ? ["status"] : ["rule"]);
  }
});

describe("structure", () => {
  test.each([
    { text: "<cluster/>", want: "error /cluster: the document element is <cluster>; expected <cib>" },
    { text: cib({ resources: "<primtive/>" }), want: "error /cib/configuration/resources/primtive: <primtive> is not allowed in <resources>; allowed: <primitive>, <template>, <group>, <clone>, <master>, <bundle>" },
    { text: cib({ resources: `<group id="g"/>` }), want: `error /cib/configuration/resources/group[@id="g"]: <group> lacks <primitive>` },
    { text: cib({ resources: `<clone id="c">${dummy("a")}${dummy("b")}</clone>` }), want: `error /cib/configuration/resources/clone[@id="c"]: <clone> has 2 <primitive>; at most 1 allowed` },
    { text: cib({ resources: `<clone id="c"/>` }), want: `error /cib/configuration/resources/clone[@id="c"]: <clone> needs <primitive>, or <group>` },
    { text: cib({ resources: `<primitive id="p" class="ocf" type="x"/>` }), want: `error /cib/configuration/resources/primitive[@id="p"]: <primitive> of class ocf lacks the attribute provider` },
    { text: cib({ resources: `<primitive id="p" class="lsb" provider="x" type="x"/>` }), want: `error /cib/configuration/resources/primitive[@id="p"]: provider is only allowed with class ocf, not lsb` },
    { text: cib({ resources: `<primitive id="p" class="ocfs" type="x"/>` }), want: `error /cib/configuration/resources/primitive[@id="p"]: class="ocfs" in <primitive>: expected one of ocf, lsb, heartbeat, stonith, upstart, service, systemd, nagios` },
    { text: cib({ resources: `<template id="t" class="lsb" type="x"/><primitive id="p" template="t" class="lsb" type="x"/>` }), want: `error /cib/configuration/resources/primitive[@id="p"]: <primitive> has more than one of: class and type, or template` },
    { text: cib({ resources: `<primitive id="p" class="lsb"/>` }), want: `error /cib/configuration/resources/primitive[@id="p"]: <primitive> needs class and type, or template` },
    { text: cib({ resources: dummy("a", `<operations><op id="o" name="monitor" interval="10s" start-delay="1" interval-origin="2026-01-01"/></operations>`) }), want: `error /cib/configuration/resources/primitive[@id="a"]/operations/op[@id="o"]: <op> has start-delay and interval-origin; only one of them is allowed` },
    { text: cib({ constraints: `<rsc_location id="l" rsc="a"><rule id="r"/></rsc_location>`, resources: dummy("a") }), want: `error /cib/configuration/constraints/rsc_location[@id="l"]/rule[@id="r"]: <rule> needs at least one expression` },
    { text: cib({ constraints: `<rsc_location id="l" rsc="a" score="5"/>`, resources: dummy("a") }), want: `error /cib/configuration/constraints/rsc_location[@id="l"]: <rsc_location> needs node and score, or <rule>` },
    { text: cib({ rest: "<op_defaults/><op_defaults/>" }), want: "error /cib/configuration: <configuration> has 2 <op_defaults>; at most 1 allowed" },
    { text: cib({ config: `<cluster_property_set id="c"><nvpair id="n" value="x"/></cluster_property_set>` }), want: `error /cib/configuration/crm_config/cluster_property_set[@id="c"]/nvpair[@id="n"]: <nvpair> lacks the attribute name` },
    ...["in_range", "gt", "lt", "date_spec"].map((operation) => ({
      text: cib({ config: `<cluster_property_set id="c"><rule id="r"><date_expression id="d" operation="${operation}"/></rule></cluster_property_set>` }),
      want: expect.stringContaining(`date_expression ${operation} needs`) as string,
    })),
    ...["duration", "date_spec"].map((inner) => ({
      text: cib({ config: `<cluster_property_set id="c"><rule id="r"><date_expression id="d" operation="gt" start="2026-01-01"><${inner} id="i" hours="1"/></date_expression></rule></cluster_property_set>` }),
      want: expect.stringContaining(`<${inner}> is only allowed with operation`) as string,
    })),
  ])("$want", ({ text, want }) => expect(issues(text)).toEqual([want]));

  test("places are those of the start tags", () => {
    const parsed = parseXml(`<cib>\n <configuration>\n  <strange/>\n </configuration>\n</cib>`);
    const found = parsed.ok ? checkCib(parsed.value).find((issue) => issue.path.endsWith("strange")) : null;
    expect(found?.place).toEqual({ line: 3, column: 3 });
  });
});

describe("values", () => {
  test.each([
    { attribute: `id="1a"`, want: "expected an id" },
    { attribute: `id="a:b"`, want: "expected an id" },
    { attribute: `id="o" enabled="yes"`, want: "expected true, false, 1 or 0" },
    { attribute: `id="o" role="Master "`, want: "expected one of Stopped, Started" },
    { attribute: `id="o" on-fail="die"`, want: "expected one of ignore, block" },
  ])("$attribute: $want", ({ attribute, want }) => {
    const text = cib({ resources: dummy("a", `<operations><op ${attribute} name="monitor" interval="10s"/></operations>`) });
    expect(issues(text)).toEqual([expect.stringMatching(new RegExp(`^error .*${want}`))]);
  });

  test.each(["5", "-5", "+5", "INFINITY", "+INFINITY", "-INFINITY"])("%s is a score", (score) => {
    expect(issues(cib({ resources: dummy("a"), constraints: `<rsc_location id="l" rsc="a" node="n" score="${score}"/>` }))).toEqual([]);
  });

  test.each(["", "infinity", "5.5", "many"])("%j is no score", (score) => {
    expect(issues(cib({ resources: dummy("a"), constraints: `<rsc_location id="l" rsc="a" node="n" score="${score}"/>` }))).toHaveLength(1);
  });

  test("times that cannot be read have a default, so they are warnings", () => {
    const text = cib({ resources: dummy("a", `<operations><op id="o" name="monitor" interval="soon" timeout="P1D"/></operations>`) });
    expect(issues(text).map((issue) => issue.replace(/^.*: /, ""))).toEqual([
      "expected a time such as 10s (it counts as 0)",
      "expected a time such as 10s (the default is used)",
    ]);
    expect(issues(text).every((issue) => issue.startsWith("warning"))).toBe(true);
  });
});

describe("ids and references", () => {
  test("an id used twice names the first use", () => {
    expect(issues(cib({ resources: dummy("a") + dummy("a") }))).toEqual([
      expect.stringMatching(/^error .*primitive\[@id="a"\]: id a is used twice: first by \/cib\/configuration\/resources\/primitive\[@id="a"\] at 2:16$/),
    ]);
  });

  test("nodes, users and references may have the name of something else", () => {
    expect(issues(cib({ nodes: `<node id="a" uname="a"/>`, resources: dummy("a"), rest: `<acls><acl_target id="a"/></acls><tags><tag id="t"><obj_ref id="a"/></tag></tags>` }))).toEqual([]);
  });

  test.each([
    { constraints: `<rsc_location id="l" rsc="b" node="n" score="1"/>`, want: `rsc="b" names no resource, template or tag: it is ignored` },
    { constraints: `<rsc_colocation id="l" rsc="a" with-rsc="b"/>`, want: `with-rsc="b" names no resource, template or tag: it is ignored` },
    { constraints: `<rsc_order id="l" first="b" then="a"/>`, want: `first="b" names no resource, template or tag: it is ignored` },
    { constraints: `<rsc_order id="l" first="a" then="b"/>`, want: `then="b" names no resource, template or tag: it is ignored` },
    { constraints: `<rsc_ticket id="l" rsc="b" ticket="t"/>`, want: `rsc="b" names no resource, template or tag: it is ignored` },
    { constraints: `<rsc_order id="l"><resource_set id="s"><resource_ref id="b"/></resource_set></rsc_order>`, want: `id="b" names no resource, template or tag: it is ignored` },
    { rest: `<tags><tag id="t"><obj_ref id="b"/></tag></tags>`, want: `obj_ref names "b", which does not exist` },
    { rest: `<acls><acl_target id="u"><role id="b"/></acl_target></acls>`, want: `role "b" is not defined by an acl_role` },
    { rest: `<rsc_defaults><meta_attributes id-ref="b"/></rsc_defaults>`, want: `id-ref="b" names no <meta_attributes>: it is ignored` },
    { rest: `<fencing-topology><fencing-level id="f" target="n" index="1" devices="a"/></fencing-topology>`, want: `device "a" is no fence device of this document` },
    { nodes: `<node id="1" uname="n"/>`, constraints: `<rsc_location id="l" rsc="a" node="m" score="1"/>`, want: `node "m" is not known (yet)` },
  ])("$want", ({ want, ...sections }) => {
    expect(issues(cib({ resources: dummy("a"), ...sections }))).toEqual([expect.stringMatching(new RegExp(`^warning .*: ${want.replace(/[()]/g, "\\$&")}$`))]);
  });

  test("templates, tags, guests and the nodes they make can be named", () => {
    const guest = dummy("vm", `<meta_attributes id="m"><nvpair id="n" name="remote-node" value="guest"/></meta_attributes>`);
    const constraints = ["t", "tag", "guest"].map((name) => `<rsc_location id="l-${name}" rsc="${name}" node="guest" score="1"/>`).join("");
    const template = `<template id="t" class="lsb" type="x"/>`;
    expect(issues(cib({ nodes: `<node id="1" uname="n"/>`, resources: template + guest, constraints, rest: `<tags><tag id="tag"><obj_ref id="vm"/></tag></tags>` }))).toEqual([]);
  });

  test("a primitive without its template means nothing", () => {
    expect(issues(cib({ resources: `<primitive id="p" template="q"/>` }))).toEqual([expect.stringMatching(/^error .*template="q" names no template$/)]);
  });
});

describe("names and values of options", () => {
  const option = (name: string, value: string): string => cib({ config: `<cluster_property_set id="c"><nvpair id="n" name="${name}" value="${value}"/></cluster_property_set>` });
  test.each([
    { name: "no-quorum-policy", value: "Freeze", want: [] },
    { name: "stonith-enabled", value: "on", want: [] },
    { name: "stonith-enabled", value: "#default", want: [] },
    { name: "cluster-delay", value: "PT1M", want: [] },
    { name: "node-health-red", value: "-INFINITY", want: [] },
    { name: "short_resource_names", value: "true", want: ["cluster option short_resource_names is of the past and has no effect"] },
    { name: "stonith-enable", value: "true", want: ["unknown cluster option stonith-enable; did you mean stonith-enabled?"] },
    { name: "my-own-note", value: "x", want: ["unknown cluster option my-own-note"] },
    { name: "stonith-enabled", value: "maybe", want: [`stonith-enabled="maybe": expected true or false; the default is used`] },
    { name: "no-quorum-policy", value: "halt", want: [`no-quorum-policy="halt": expected one of stop, freeze, ignore, demote, suicide, fence; the default is used`] },
    { name: "batch-limit", value: "few", want: [`batch-limit="few": expected an integer; the default is used`] },
    { name: "dc-deadtime", value: "soon", want: [`dc-deadtime="soon": expected a time such as 10s; the default is used`] },
    { name: "node-health-red", value: "bad", want: [`node-health-red="bad": expected an integer, INFINITY or -INFINITY; the default is used`] },
  ])("$name=$value", ({ name, value, want }) => {
    expect(issues(option(name, value)).map((issue) => issue.replace(/^warning \S+ /, ""))).toEqual(want);
  });

  test("where a document is our own, unknown names are errors, old ones are not", () => {
    expect(issues(option("my-own-note", "x"), { unknownNames: "error" })).toEqual([expect.stringMatching(/^error /)]);
    expect(issues(option("short_resource_names", "x"), { unknownNames: "error" })).toEqual([expect.stringMatching(/^warning /)]);
  });

  test("meta-attributes of resources, operations and alerts have names of their own", () => {
    const set = `<meta_attributes id="m"><nvpair id="n" name="timeout" value="1s"/></meta_attributes>`;
    expect(issues(cib({ resources: dummy("a", set) }))).toEqual([expect.stringContaining("unknown meta-attribute timeout")]);
    expect(issues(cib({ rest: `<op_defaults>${set}</op_defaults>` }))).toEqual([]);
    expect(issues(cib({ rest: `<alerts><alert id="a" path="/x">${set}</alert></alerts>` }))).toEqual([]);
  });
});

describe("what is not refused", () => {
  test("status: programs may write more than we know", () => {
    const status = `<node_state id="1" uname="n" new="1"><future/><lrm_resource/></node_state><node_state/>`;
    expect(issues(cib({ status })).every((issue) => issue.startsWith("warning"))).toBe(true);
    expect(issues(cib({ status })).map((issue) => issue.replace(/;.*/, ""))).toEqual([
      `warning /cib/status/node_state[@id="1"]/future: <future> is not allowed in <node_state>`,
      `warning /cib/status/node_state[@id="1"]/lrm_resource: <lrm_resource> is not allowed in <node_state>`,
      "warning /cib/status/node_state: <node_state> lacks the attribute id",
    ]);
    expect(issues(cib({ status }), { status: false })).toEqual([]);
  });

  test("validate-with=none skips the schema, not well-formedness", () => {
    expect(parseCib(`<cib validate-with="none"><anything/></cib>`).ok).toBe(true);
    expect(parseCib(`<cib validate-with="none"><anything></cib>`).ok).toBe(false);
  });
});

test("a hopeless document gives a bounded list that says how much it leaves out", () => {
  const found = issues(cib({ resources: "<x/>".repeat(ISSUES_MAX + 5) }));
  expect(found).toHaveLength(ISSUES_MAX + 1);
  expect(found.at(-1)).toBe("error : 5 further problems are not listed");
});
