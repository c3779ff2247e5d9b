/** Utilization attributes of nodes and resources; their rules may look at the date only (1-state B8, 2-assignment F1). */
import type { XmlElement } from "@quorate/cib";
import type { Capacity } from "../model/capacity.ts";
import { parseAmount } from "../model/capacity.ts";
import { readSets } from "./attribute-sets.ts";
import type { IdIndex } from "./attribute-sets.ts";
import type { RuleContext } from "./rules.ts";

export function readUtilization(element: XmlElement, source: { readonly ids: IdIndex; readonly context: RuleContext }): Capacity {
  const values = new Map<string, string>();
  readSets(element, "utilization", values, source);
  const capacity: Capacity = new Map();
  for (const [name, text] of values) capacity.set(name, parseAmount(text));
  return capacity;
}
