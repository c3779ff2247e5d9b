import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { compareCase, LEVELS } from "../conformance/compare.ts";
import { decideCase } from "../conformance/decide-case.ts";
import { disturb } from "../conformance/disturb.ts";
import { NOW } from "../conformance/draft.ts";
import { FEATURES, generateCib, parseFeatures } from "../conformance/generate.ts";
import type { Feature } from "../conformance/generate.ts";
import { askOracle } from "../conformance/oracle.ts";

const SEEDS = Array.from({ length: 25 }, (_, seed) => seed + 1);
const all = parseFeatures("all");

/** What stands in a CIB only by that feature. */
const TRACES: Readonly<Partial<Record<Feature, RegExp>>> = {
  groups: /<group /, clones: /<clone /, promotable: /name="promotable"/, sets: /<resource_set /, tickets: /<rsc_ticket /, utilization: /<utilization /,
  migration: /name="allow-migrate"/, remote: /type="remote"|name="remote-node"/, bundles: /<bundle /, rules: /<rule /, failures: /_last_failure_0/, history: /op-status="-1"|old-value|id="orphan"/,
};

describe("random CIBs", () => {
  test("same seed and features, same document; another seed, another one", () => {
    for (const seed of SEEDS) expect(generateCib(seed, all)).toBe(generateCib(seed, all));
    expect(new Set(SEEDS.map((seed) => generateCib(seed, all))).size).toBe(SEEDS.length);
  });

  test.each(Object.entries(TRACES))("%s: there when asked for, and only then", (feature, trace) => {
    const others = new Set(FEATURES.filter((one) => one !== feature && !(feature === "clones" && one === "promotable")));
    expect(SEEDS.some((seed) => trace.test(generateCib(seed, all)))).toBe(true);
    expect(SEEDS.filter((seed) => trace.test(generateCib(seed, others)))).toEqual([]);
  });

  test("a feature that is not known is named with those that are", () => {
    expect(() => parseFeatures("groups,clowns")).toThrow("There is no feature clowns; features are: all, primitives, groups");
  });

  test("every one is decided about, and again after a disturbance", () => {
    for (const seed of SEEDS.slice(0, 6)) {
      const xml = generateCib(seed, all);
      expect(() => decideCase(xml, { now: `@${NOW}` })).not.toThrow();
      expect(disturb(xml, seed)).toBe(disturb(xml, seed));
      expect(() => decideCase(disturb(xml, seed), { now: `@${NOW}` })).not.toThrow();
    }
  });
});

function isInstalled(): boolean {
  try {
    execFileSync("crm_simulate", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe.runIf(isInstalled())("against the reference", () => {
  test.each(SEEDS.slice(0, 8))("seed %i, and what becomes of it", async (seed) => {
    let xml = generateCib(seed, all);
    for (let round = 0; round < 2; round++) {
      const answer = await askOracle(xml);
      if (answer === null) throw new Error("the reference refused the CIB");
      const same = compareCase(answer.decision, decideCase(xml, { now: `@${NOW}` }));
      const compared = answer.trouble === null ? LEVELS : LEVELS.filter((level) => level !== "order" && level !== "after");
      expect(compared.filter((level) => !same[level])).toEqual([]);
      xml = disturb(answer.cibAfter, seed);
    }
  }, 30_000);

  test("without the program it is said what to install", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    try {
      await expect(askOracle(generateCib(1, all))).rejects.toThrow("crm_simulate is not installed: it is in Debian's package pacemaker-cli-utils");
    } finally {
      process.env["PATH"] = path;
    }
  });
});
