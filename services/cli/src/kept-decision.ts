/** Decisions that the cluster has kept: one by its number or by its transition, with its input. */
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { type Cib, parseCib } from "@quorate/cib";
import type { QuorateClient } from "@quorate/client";
import { QuorateError } from "@quorate/core";
import type { DecisionOutline } from "@quorate/scheduler";
import type { KeptDecision } from "@quorate/wire";

export interface FetchedDecision {
  readonly decision: KeptDecision;
  readonly cib: Cib;
  /** What was decided then. */
  readonly outline: DecisionOutline;
}

const expand = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate);

/** A document that grows beyond this is none of ours. */
const DOCUMENT_BYTES_MAX = 512 * 1_048_576;
const PARTS = ["fencing", "actions", "places", "graph", "warnings"] as const;

/** @throws QuorateError QUORATE_NOT_FOUND, QUORATE_STORE_CORRUPT when what was kept cannot be read */
export async function fetchDecision(client: QuorateClient, id: number): Promise<FetchedDecision> {
  const { decision, document } = await client.getDecision(id);
  return { decision, ...(await openDocument(document, id)) };
}

/** The last decision that began this transition. @throws QuorateError as fetchDecision */
export async function fetchTransition(client: QuorateClient, transition: number): Promise<FetchedDecision> {
  const { decisions, node, dc } = await client.listDecisions();
  const found = decisions.find((one) => one.transition === transition);
  if (found !== undefined) return fetchDecision(client, found.id);
  const elsewhere = dc === null || dc === node ? "" : `; the DC is ${dc} now, ask there with --connect`;
  throw new QuorateError("QUORATE_NOT_FOUND", `${node} has kept no decision of transition ${transition}${elsewhere}`);
}

async function openDocument(bytes: Uint8Array, id: number): Promise<Omit<FetchedDecision, "decision">> {
  const damaged = (why: string, cause?: unknown): QuorateError => new QuorateError("QUORATE_STORE_CORRUPT", `decision ${id} cannot be read: ${why}`, { cause });
  let document: unknown;
  try {
    document = JSON.parse((await expand(bytes, { maxOutputLength: DOCUMENT_BYTES_MAX })).toString("utf8"));
  } catch (error) {
    throw damaged("it is damaged", error);
  }
  if (!isDocument(document)) throw damaged("it has another form than this command knows");
  const loaded = parseCib(document.cib);
  if (!loaded.ok) throw damaged("its CIB is not valid for this command");
  return { cib: loaded.value.cib, outline: document.outline };
}

function isDocument(value: unknown): value is { cib: string; outline: DecisionOutline } {
  if (typeof value !== "object" || value === null || !("cib" in value) || typeof value.cib !== "string" || !("outline" in value)) return false;
  const outline = value.outline as Partial<Record<string, unknown>> | null;
  return typeof outline === "object" && outline !== null && PARTS.every((part) => Array.isArray(outline[part]) && outline[part].every((line) => typeof line === "string"));
}
