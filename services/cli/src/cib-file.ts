/** A CIB from a file, upgraded when it is old. */
import { type Cib, parseCib } from "@quorate/cib";
import { QuorateError } from "@quorate/core";
import type { Cli } from "./cli.ts";
import { readInputFile } from "./input-file.ts";
import { countText, issueLine } from "./issue-text.ts";

/** Notes of an upgrade go to standard error, so that they do not mix with the result. @throws QuorateError QUORATE_CIB_INVALID */
export async function readCibFile(cli: Cli, file: string): Promise<Cib> {
  const loaded = parseCib(await readInputFile(file, cli.environment));
  const issues = loaded.ok ? loaded.value.issues : loaded.error.issues;
  const name = file === "-" ? "standard input" : file;
  for (const issue of issues) cli.environment.writeError(`${issueLine(name, issue)}\n`);
  if (!loaded.ok) throw new QuorateError("QUORATE_CIB_INVALID", `${name} is not a valid CIB (${countText(issues)})`);
  return loaded.value.cib;
}
