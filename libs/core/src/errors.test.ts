/** docs/errors.md says for every code what the table says, and says it all. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { QUORATE_ERRORS, QuorateError, type QuorateErrorCode } from "./errors.ts";

const PAGE = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");

/** Cells of the rows that begin with a code, in the order of the page. */
const ROWS = PAGE.split("\n")
  .filter((line) => line.startsWith("| `QUORATE_"))
  .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));

test("the page has a row for every code, in the order of the table, and no other", () => {
  expect(ROWS.map(([code]) => code)).toStrictEqual(Object.keys(QUORATE_ERRORS).map((code) => `\`${code}\``));
});

test.each(ROWS)("%s: gRPC status, retry and exit code are those of the table", (code, grpc, retry, exit) => {
  const error = QUORATE_ERRORS[code?.replaceAll("`", "") as QuorateErrorCode];
  expect([grpc, retry, exit]).toStrictEqual([error.grpc, error.retryable ? "yes" : "no", String(error.exit)]);
});

test.each(ROWS)("%s: meaning, cause and what to do are said in sentences", (...cells) => {
  expect(cells).toHaveLength(7);
  for (const cell of cells.slice(4)) expect(cell).toMatch(/^[A-Z`].{10,}[.]$/);
});

test("an error carries its code and details, and keeps its cause", () => {
  const cause = new Error("ENOENT");
  const error = new QuorateError("QUORATE_NOT_FOUND", "no such node", { details: { node: "node9" }, cause });
  expect([error.code, error.message, error.details, error.cause]).toStrictEqual(["QUORATE_NOT_FOUND", "no such node", { node: "node9" }, cause]);
});
