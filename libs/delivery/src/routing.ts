/** Which recipient is told of which event. */
import { type ClusterEvent, EVENT_SEVERITIES, type EventSeverity } from "@quorate/core";

export interface Sink {
  /** Also the name of its cursor. */
  readonly name: string;
  /** Event types; `*` stands for any text, also an empty one: `node.*`, `*.failed`, `*`. */
  readonly match: readonly string[];
  readonly severityMin: EventSeverity;
}

export function wants(sink: Sink, event: ClusterEvent): boolean {
  if (EVENT_SEVERITIES.indexOf(event.severity) < EVENT_SEVERITIES.indexOf(sink.severityMin)) return false;
  return sink.match.some((pattern) => matchesPattern(pattern, event.type));
}

export function matchesPattern(pattern: string, type: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  const tail = rest.pop();
  if (tail === undefined) return type === head;
  if (!type.startsWith(head)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = type.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return type.length - tail.length >= at && type.endsWith(tail);
}
