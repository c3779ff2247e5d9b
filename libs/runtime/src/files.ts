/** Small files: configuration, secrets, identities. Everything larger lives in the store. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type BootId, QuorateError } from "@quorate/core";

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

/** UTF-8 text of a file. @throws QuorateError QUORATE_NOT_FOUND when it does not exist; other I/O errors as they are. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) throw new QuorateError("QUORATE_NOT_FOUND", `${path}: no such file`, { cause: error });
    throw error;
  }
}

/**
 * Replaces a file so that after a power cut either the old or the new content is there, whole: written beside it, fsynced,
 * renamed, directory fsynced. `mode` is that of the new file.
 */
export async function writeDurable(path: string, text: string, mode = 0o640): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The identity of this life of the kernel. @throws QuorateError QUORATE_NOT_FOUND when absent or empty. */
export async function readBootId(path: string): Promise<BootId> {
  const bootId = (await readText(path)).trim();
  if (bootId === "") throw new QuorateError("QUORATE_NOT_FOUND", `${path}: holds no boot id`);
  return bootId;
}

/** A password or key from its file, without the trailing line end. @throws QuorateError QUORATE_NOT_FOUND; its text never holds the secret. */
export async function readSecret(path: string): Promise<string> {
  return (await readText(path)).replace(/\r?\n$/, "");
}

/** True when something of that name exists and is visible to us. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}
