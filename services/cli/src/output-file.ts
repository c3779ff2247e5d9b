/** FILE arguments that are written: relative to where the user stands, `-` for standard output. */
import { resolve } from "node:path";
import type { CliEnvironment } from "./environment.ts";
import { CommandFailure, EXIT } from "./exit-code.ts";

/** What is written may hold passwords of fence devices: the file is for its owner only. */
export async function writeOutputFile(file: string, content: string, environment: CliEnvironment): Promise<void> {
  if (file === "-") return environment.write(content);
  const path = resolve(environment.env["INIT_CWD"] ?? environment.cwd, file);
  try {
    await environment.writeFile(path, content);
  } catch (error) {
    throw new CommandFailure(EXIT.cannotCreate, `${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
