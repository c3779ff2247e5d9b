/** The running CIB as a tree, for commands that must look before they change. */
import { type Cib, parseCib } from "@quorate/cib";
import type { QuorateClient } from "@quorate/client";
import { QuorateError } from "@quorate/core";
import { issueLine } from "./issue-text.ts";

/** @throws QuorateError of the connection; QUORATE_CIB_INVALID when this program knows less than the server. */
export async function fetchCib(client: QuorateClient): Promise<Cib> {
  const { xml } = await client.cibQuery("all");
  const loaded = parseCib(xml);
  if (loaded.ok) return loaded.value.cib;
  throw new QuorateError("QUORATE_CIB_INVALID", `the running CIB cannot be read:\n${loaded.error.issues.map((issue) => issueLine("live CIB", issue)).join("\n")}`);
}
