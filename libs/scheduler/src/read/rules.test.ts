import { parseXml } from "@quorate/cib";
import type { XmlElement } from "@quorate/cib";
import { expect, test } from "vitest";
import { parseDate } from "./dates.ts";
import { rulePasses } from "./rules.ts";
import type { RuleContext } from "./rules.ts";

function xml(text: string): XmlElement {
  const parsed = parseXml(text);
  if (!parsed.ok) throw new Error(parsed.error.map((issue) => issue.message).join("\n"));
  return parsed.value;
}

function context(attributes: Readonly<Record<string, string>>): RuleContext {
  return {
    nowMs: Date.UTC(2026, 0, 5, 9, 30), recheckAt: () => undefined, attribute: (name) => attributes[name],
    resource: { class: "ocf", provider: "heartbeat", type: "IPaddr2" }, operation: { name: "monitor", intervalMs: 10_000 },
    parameter: (name) => (name === "empty" ? "" : undefined), meta: null, submatches: [],
  };
}

test.each([
  ["eq compares as text, without case", 'attribute="a" operation="eq" value="ONE"', { a: "one" }, true],
  ["ne passes when the attribute is absent", 'attribute="a" operation="ne" value="1"', {}, true],
  ["lt needs the attribute", 'attribute="a" operation="lt" value="1"', {}, false],
  ["lt compares integers", 'attribute="a" operation="lt" value="10"', { a: "9" }, true],
  ["a dot makes it a number", 'attribute="a" operation="gt" value="9.5"', { a: "10" }, true],
  ["text type keeps text", 'attribute="a" operation="lt" value="10" type="string"', { a: "9" }, false],
  ["integers ignore what follows", 'attribute="a" operation="eq" value="10.5" type="integer"', { a: "10" }, true],
  ["what has no digits is compared as text", 'attribute="a" operation="gt" value="b" type="integer"', { a: "c" }, true],
  ["versions compare part by part", 'attribute="a" operation="gt" value="1.9" type="version"', { a: "1.10" }, true],
  ["defined: empty counts", 'attribute="a" operation="defined"', { a: "" }, true],
  ["not_defined", 'attribute="a" operation="not_defined"', { a: "" }, false],
  ["an empty value is none", 'attribute="a" operation="eq" value=""', {}, true],
  ["and equals no empty attribute", 'attribute="a" operation="eq" value=""', { a: "" }, false],
  ["an empty parameter is one", 'attribute="a" operation="eq" value-source="PARAM" value="empty"', { a: "" }, true],
  ["hexadecimal numbers", 'attribute="a" operation="eq" value="16" type="number"', { a: "0x10" }, true],
  ["what is no number is neither less nor more", 'attribute="a" operation="gte" value="5" type="number"', { a: "nan" }, true],
  ["of a type that does not exist all values are equal", 'attribute="a" operation="ne" value="1" type="colour"', { a: "2" }, false],
  ["#role never passes here", 'attribute="#role" operation="eq" value="Started"', {}, false],
] as const)("%s", (_, expression, attributes, want) => {
  expect(rulePasses(xml(`<rule id="r"><expression id="e" ${expression}/></rule>`), context(attributes))).toBe(want);
});

test.each([
  ["and of nothing is true", '<rule id="r"/>', true],
  ["or of nothing is false", '<rule id="r" boolean-op="or"/>', false],
  ["or needs one", '<rule id="r" boolean-op="or"><expression id="a" attribute="x" operation="defined"/><expression id="b" attribute="x" operation="not_defined"/></rule>', true],
  ["and needs all", '<rule id="r"><expression id="a" attribute="x" operation="defined"/><expression id="b" attribute="x" operation="not_defined"/></rule>', false],
  ["a missing provider means resources without one", '<rule id="r"><rsc_expression id="a" class="ocf"/></rule>', false],
  ["the agent matches", '<rule id="r"><rsc_expression id="a" class="ocf" provider="heartbeat" type="IPaddr2"/></rule>', true],
  ["the operation matches by name and interval", '<rule id="r"><op_expression id="a" name="monitor" interval="10s"/></rule>', true],
  ["another interval does not", '<rule id="r"><op_expression id="a" name="monitor" interval="20s"/></rule>', false],
] as const)("%s", (_, rule, want) => expect(rulePasses(xml(rule), context({}))).toBe(want));

// Monday 2026-01-05, 09:30 UTC
test.each([
  ["in range, both ends included", '<date_expression id="d" operation="in_range" start="2026-01-05 09:30:00Z" end="2026-01-05 09:30:00Z"/>', true],
  ["before the start", '<date_expression id="d" start="2026-01-06"/>', false],
  ["start and duration", '<date_expression id="d" start="2026-01-05 09:00:00Z"><duration id="x" minutes="29"/></date_expression>', false],
  ["gt is strict", '<date_expression id="d" operation="gt" start="2026-01-05 09:30:00Z"/>', false],
  ["lt", '<date_expression id="d" operation="lt" end="2026-01-05 09:30:01Z"/>', true],
  ["a zone behind a blank counts", '<date_expression id="d" operation="lt" end="2026-01-05 10:30:00 +01:00"/>', false],
  ["working hours", '<date_expression id="d" operation="date_spec"><date_spec id="s" hours="9-16" weekdays="1-5"/></date_expression>', true],
  ["weekend", '<date_expression id="d" operation="date_spec"><date_spec id="s" weekdays="6-7"/></date_expression>', false],
  ["week of the year", '<date_expression id="d" operation="date_spec"><date_spec id="s" weeks="2" weekyears="2026"/></date_expression>', true],
  ["what cannot be read does not restrict", '<date_expression id="d" operation="date_spec"><date_spec id="s" hours="abc"/></date_expression>', true],
  ["what has no restriction passes", '<date_expression id="d" operation="date_spec"/>', true],
  ["only the first restriction counts", '<date_expression id="d" operation="date_spec"><date_spec id="s" hours="8"/><date_spec id="t" hours="9"/></date_expression>', false],
  ["lt: until start and duration", '<date_expression id="d" operation="lt" start="2026-01-05"><duration id="x" hours="10"/></date_expression>', true],
] as const)("date: %s", (_, expression, want) => expect(rulePasses(xml(`<rule id="r">${expression}</rule>`), context({}))).toBe(want));

// What the reference makes of each text, as it told by the time of its next look
test.each([
  ["2026-01-05", "2026-01-05T00:00:00Z"], ["20260105", "2026-01-05T00:00:00Z"], ["2026-005", "2026-01-05T00:00:00Z"], ["2026-W02-1", "2026-01-05T00:00:00Z"],
  ["2026-1-5", "2026-01-05T00:00:00Z"], ["2026-01", "2026-01-01T00:00:00Z"], ["2026-01-05x", "2026-01-05T00:00:00Z"], ["2024-366", "2024-12-31T00:00:00Z"],
  ["2026-01-05T24:00:00", "2026-01-06T00:00:00Z"], ["2026-01-05 1:2:3", "2026-01-05T01:02:03Z"], ["2026-01-05T123456", "2026-01-05T12:34:56Z"],
  ["2026-01-05 12:34:56 +1", "2026-01-05T11:34:56Z"], ["2026-01-05 12:34:56 01:00", "2026-01-05T11:34:56Z"], ["2026-01-05T12:34:56+01:00", "2026-01-05T12:34:56Z"],
  ["2026-01-05 12:34:56 -01:30", "2026-01-05T14:04:56Z"], ["T12:00", "2026-02-03T12:00:00Z"], ["12:00 Z", "2026-02-03T12:00:00Z"], ["EPOCH", "1970-01-01T00:00:00Z"],
  ["2026-02-29", null], ["2026-13-01", null], ["2026-366", null], ["2025-W53-1", null], ["2026-01-05T24:00:01", null], ["2026-01-05T00:60:00", null],
  ["2026-01-05 12:00 +25:00", null], ["2026005", null], ["epoch+1", null], ["abc", null], ["", null],
] as const)("the date %s is %s", (text, want) => {
  expect(parseDate(text, Date.UTC(2026, 1, 3, 4, 5))).toBe(want === null ? null : Date.parse(want));
});

test("the next time at which a date test changes is told", () => {
  const times: number[] = [];
  const told = { ...context({}), recheckAt: (atMs: number) => times.push(atMs) };
  rulePasses(xml('<rule id="r" boolean-op="or"><date_expression id="a" start="2026-01-06"/><date_expression id="b" end="2026-01-07"/></rule>'), told);
  expect(times).toEqual([Date.UTC(2026, 0, 6), Date.UTC(2026, 0, 7) + 1000]);
});
