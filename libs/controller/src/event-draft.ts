/** Makes events; where they stand in the log is filled in when the entry is applied. */
import type { NodeName, ResourceId, WallMs } from "@quorate/core";
import type { EventDraft } from "./replica.ts";

export function draft(
  type: string,
  severity: EventDraft["severity"],
  atMs: WallMs,
  message: string,
  about: { node?: NodeName; resource?: ResourceId; data?: Readonly<Record<string, string>> } = {},
): EventDraft {
  return { type, severity, atMs, message, node: about.node ?? null, resource: about.resource ?? null, data: about.data ?? {} };
}
