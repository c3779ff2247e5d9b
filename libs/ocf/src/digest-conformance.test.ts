import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type XmlElement, parseXml } from "@rgrove/parse-xml";
import { describe, expect, test } from "vitest";
import { operationDigest } from "./digest.ts";
import { timeToMs } from "./meta-data.ts";

/** Inputs of Pacemaker's regression cases, with the digests that real clusters wrote into their status sections. */
const CASES = join(import.meta.dirname, "../../../../shared/conformance/xml.tar.xz");

interface Recorded {
  readonly name: string;
  readonly digest: string;
  readonly own: string;
}

function* elements(element: XmlElement): Iterable<XmlElement> {
  yield element;
  for (const child of element.children) if (child.type === "element") yield* elements(child as XmlElement);
}

function named(root: XmlElement, name: string): XmlElement[] {
  return [...elements(root)].filter((element) => element.name === name);
}

/** Every start and monitor whose time-out stands with it: each with the digest of the cluster and ours. */
function recorded(root: XmlElement): Recorded[] {
  const primitives = new Map(named(root, "primitive").map((primitive) => [primitive.attributes["id"]!, primitive]));
  return named(root, "lrm_resource").flatMap((resource) => {
    const id = resource.attributes["id"]!;
    const primitive = primitives.get(id.split(":")[0]!);
    if (primitive === undefined) return [];
    const parameters: Record<string, string> = {};
    const sets = primitive.children.filter((child) => (child as XmlElement).name === "instance_attributes") as XmlElement[];
    for (const pair of sets.flatMap((set) => named(set, "nvpair"))) parameters[pair.attributes["name"]!] ??= pair.attributes["value"] ?? "";
    return named(resource, "lrm_rsc_op").flatMap(({ attributes }) => {
      const { operation, interval, "op-digest": digest } = attributes;
      if (digest === undefined || (operation !== "start" && operation !== "monitor")) return [];
      const op = named(primitive, "op").find((entry) => entry.attributes["name"] === operation && timeToMs(entry.attributes["interval"] ?? "0") === Number(interval));
      const recurringTimeoutMs = interval === "0" ? null : timeToMs(op?.attributes["timeout"] ?? "");
      if (interval !== "0" && recurringTimeoutMs === null) return []; // a default that stands elsewhere
      const extra = Object.fromEntries((op === undefined ? [] : named(op, "nvpair")).map((pair) => [pair.attributes["name"]!, pair.attributes["value"] ?? ""]));
      return [{ name: `${id} ${operation} ${interval}`, digest, own: operationDigest({ ...parameters, ...extra }, { recurringTimeoutMs }) }];
    });
  });
}

describe.runIf(existsSync(CASES))("digests of real clusters", () => {
  test.each(["coloc-clone-stays-active", "complex_enforce_colo", "one-or-more-unrunnable-instances", "stonith-2"])("%s", (name) => {
    const xml = execFileSync("tar", ["-xJOf", CASES, `xml/${name}.xml`], { encoding: "utf8", maxBuffer: 2 ** 26 });
    const all = recorded(parseXml(xml).root!);
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter(({ digest, own }) => digest !== own)).toEqual([]);
  });
});
