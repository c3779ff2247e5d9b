import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { operationDigest } from "./digest.ts";

const md5 = (text: string): string => createHash("md5").update(text, "utf8").digest("hex");

test("without parameters it is the digest known from every Pacemaker CIB", () => {
  expect(operationDigest({})).toBe("f2317cad3d54cec5d7d7aa7d0bf35cf8");
});

describe("what is hashed", () => {
  test.each([
    { name: "names in byte order", parameters: { b: "2", a: "1", B: "3" }, text: ` <parameters B="3" a="1" b="2"/>\n` },
    { name: "empty values stay", parameters: { a: "" }, text: ` <parameters a=""/>\n` },
    {
      name: "markup, quotes and white space are escaped",
      parameters: { a: `<b c="d" e='f'>&`, t: "x\ty\nz\rw", u: "\x01" },
      text: ` <parameters a="&lt;b c=&quot;d&quot; e=&apos;f&apos;&gt;&amp;" t="x    y\\nz\\rw" u="\\001"/>\n`,
    },
    { name: "after the first character outside ASCII nothing is, and markup ends it", parameters: { a: `"é" 'x' <y`, b: "ü&z" }, text: ` <parameters a="&quot;é" 'x' " b="ü"/>\n` },
    {
      name: "what is no parameter of the agent is left out",
      parameters: { a: "1", CRM_meta_timeout: "5", id: "x", crm_feature_set: "3.1.0", "op-digest": "y", on_node: "n", on_node_uuid: "u", pcmk_external_ip: "i" },
      text: ` <parameters a="1"/>\n`,
    },
  ])("$name", ({ parameters, text }) => expect(operationDigest(parameters)).toBe(md5(text)));

  test("a recurring operation adds its time-out", () => {
    expect(operationDigest({ a: "1", D: "2" }, { recurringTimeoutMs: 20_000 })).toBe(md5(` <parameters CRM_meta_timeout="20000" D="2" a="1"/>\n`));
  });

  test("a restart digest counts the named parameters only", () => {
    const only = new Set(["a", "absent"]);
    expect(operationDigest({ a: "1", b: "2" }, { only, recurringTimeoutMs: 5 })).toBe(md5(` <parameters a="1"/>\n`));
    expect(operationDigest({ a: "1" }, { only: new Set() })).toBe(md5(" <parameters/>\n"));
  });
});
