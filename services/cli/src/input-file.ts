/** FILE arguments: relative to where the user stands, and `-` for standard input. */
import { resolve } from "node:path";
import type { CliEnvironment } from "./environment.ts";
import { CommandFailure, EXIT } from "./exit-code.ts";

/** Under `npm run` the working directory is the package's; INIT_CWD is where the user called it. */
export async function readInputFile(file: string, environment: CliEnvironment): Promise<string> {
  if (file === "-") return environment.readInput();
  const path = resolve(environment.env["INIT_CWD"] ?? environment.cwd, file);
  try {
    return await environment.readFile(path);
  } catch (error) {
    throw new CommandFailure(EXIT.noInput, `${file} cannot be read: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "it is a directory";
  return code ?? String(error);
}
