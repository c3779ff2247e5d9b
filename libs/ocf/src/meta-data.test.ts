import { describe, expect, test } from "vitest";
import { parseMetaData, timeToMs } from "./meta-data.ts";

const agent = `
<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="Disk" version="2.1">
  <version>1.0</version>
  <longdesc lang="en">Mounts a disk &amp; more.</longdesc>
  <shortdesc lang="en">Mounts</shortdesc>
  <parameters>
    <parameter name="device" unique="1" required="1"><longdesc/><shortdesc>What</shortdesc><content type="string"/></parameter>
    <parameter name="mode" required="false" unique-group="where"><content type="select" default="rw"/></parameter>
    <parameter name="old" reloadable="1"><deprecated/><content type="integer" default=""/></parameter>
    <parameter><content/></parameter>
  </parameters>
  <actions>
    <action name="start" timeout="60s"/>
    <action name="monitor" timeout="40" interval="1min" start-delay="500ms" depth="10" role="Promoted"/>
    <action name="meta-data" timeout="whenever"/>
  </actions>
</resource-agent>`;

test("reads parameters and actions in the agent's order", () => {
  expect(parseMetaData(agent)).toEqual({
    ok: true,
    value: {
      name: "Disk",
      version: "2.1",
      shortDescription: "Mounts",
      longDescription: "Mounts a disk & more.",
      parameters: [
        { name: "device", required: true, uniqueGroup: "device", type: "string", default: null, deprecated: false, reloadable: false, shortDescription: "What", longDescription: "" },
        { name: "mode", required: false, uniqueGroup: "where", type: "select", default: "rw", deprecated: false, reloadable: false, shortDescription: "", longDescription: "" },
        { name: "old", required: false, uniqueGroup: null, type: "integer", default: "", deprecated: true, reloadable: true, shortDescription: "", longDescription: "" },
      ],
      actions: [
        { name: "start", timeoutMs: 60_000, intervalMs: null, startDelayMs: null, depth: 0, role: null },
        { name: "monitor", timeoutMs: 40_000, intervalMs: 60_000, startDelayMs: 500, depth: 10, role: "Promoted" },
        { name: "meta-data", timeoutMs: null, intervalMs: null, startDelayMs: null, depth: 0, role: null },
      ],
    },
  });
});

describe("refuses", () => {
  test.each([
    { name: "nothing", xml: "", message: /root element/i, line: 1 },
    { name: "a wrong end tag, with its place", xml: "<resource-agent name='a'>\n <parameters></parameter></resource-agent>", message: /end tag/i, line: 2 },
    { name: "another document", xml: "<cib/>", message: /expected <resource-agent>, found <cib>/, line: null },
    { name: "an agent without a name", xml: "<resource-agent/>", message: /no name/, line: null },
    { name: "more than it could need", xml: `<resource-agent name="${"x".repeat(1_048_576)}"/>`, message: /longer than/, line: null },
  ])("$name", ({ xml, message, line }) => {
    const result = parseMetaData(xml);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error.message).toMatch(message);
    expect(result.error.place?.line ?? null).toBe(line);
  });
});

test("an entity of the document's own type declaration is never expanded", () => {
  const result = parseMetaData(`<!DOCTYPE resource-agent [<!ENTITY e SYSTEM "file:///etc/passwd">]><resource-agent name="a"><shortdesc>&e;</shortdesc></resource-agent>`);
  expect(result.ok && result.value.shortDescription).toBe("&e;");
});

test.each([["20", 20_000], ["20s", 20_000], ["20 sec", 20_000], ["150ms", 150], ["1500us", 1], ["2m", 120_000], ["1min", 60_000], ["1h", 3_600_000], ["", null], ["-1", null], ["5parsecs", null]])(
  "time %j is %s ms",
  (text, ms) => expect(timeToMs(text)).toBe(ms),
);
