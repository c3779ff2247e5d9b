import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareCase, LEVELS } from "../conformance/compare.ts";
import type { ExpectedCase } from "../conformance/compare.ts";
import { decideCase } from "../conformance/decide-case.ts";

const KIT = join(import.meta.dirname, "../../../../shared/conformance");

/** Cases that agreed with the reference when this was last touched. They may only become more. */
const PASSES: readonly (readonly [tier: number, passes: number])[] = [[1, 187], [2, 100], [3, 92], [4, 120], [5, 187]];

describe.runIf(existsSync(join(KIT, "xml.tar.xz")))("conformance kit", () => {
  let work = "";
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "quorate-conformance-"));
    for (const archive of ["xml", "expected"]) execFileSync("tar", ["-xJf", join(KIT, `${archive}.tar.xz`), "-C", work]);
  }, 60_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test.each(PASSES)("tier %i: at least %i cases decide as the reference does", (tier, passes) => {
    const cases = readdirSync(join(work, "expected")).map((file) => JSON.parse(readFileSync(join(work, "expected", file), "utf8")) as ExpectedCase);
    const failed = cases.filter((expected) => expected.tier === tier).flatMap((expected) => {
      const same = compareCase(expected, decideCase(readFileSync(join(work, "xml", `${expected.id}.xml`), "utf8"), expected));
      const wrong = LEVELS.filter((level) => !same[level]);
      return wrong.length === 0 ? [] : [`${expected.id}: ${wrong.join(" ")}`];
    });
    const total = cases.filter((expected) => expected.tier === tier).length;
    expect(total - failed.length, failed.join("\n")).toBeGreaterThanOrEqual(passes);
  }, 60_000);
});
