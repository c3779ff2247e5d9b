import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareCase, LEVELS } from "../conformance/compare.ts";
import type { ExpectedCase } from "../conformance/compare.ts";
import { decideCase } from "../conformance/decide-case.ts";
import { KNOWN_DIFFERENCES } from "../conformance/known-differences.ts";

const KIT = join(import.meta.dirname, "../../../../shared/conformance");

describe.runIf(existsSync(join(KIT, "xml.tar.xz")))("conformance kit", () => {
  let work = "";
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "quorate-conformance-"));
    for (const archive of ["xml", "expected"]) execFileSync("tar", ["-xJf", join(KIT, `${archive}.tar.xz`), "-C", work]);
  }, 60_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test.each([1, 2, 3, 4, 5, 6, 7])("tier %i: every case decides as the reference does, but for the known differences", (tier) => {
    const cases = readdirSync(join(work, "expected")).map((file) => JSON.parse(readFileSync(join(work, "expected", file), "utf8")) as ExpectedCase);
    const mine = cases.filter((expected) => expected.tier === tier && expected.error === undefined);
    const failed = mine.filter((expected) => {
      const same = compareCase(expected, decideCase(readFileSync(join(work, "xml", `${expected.id}.xml`), "utf8"), expected));
      return LEVELS.some((level) => !same[level]);
    });
    expect(failed.map(({ id }) => id).toSorted()).toEqual(mine.map(({ id }) => id).filter((id) => KNOWN_DIFFERENCES.has(id)).toSorted());
  }, 120_000);
});
