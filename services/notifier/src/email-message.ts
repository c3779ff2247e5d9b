/** The mail that tells an operator of an event: what happened, in words, with every fact that the event has. */
import { type ClusterEvent, eventId } from "@quorate/core";

export interface EmailMessage {
  readonly subject: string;
  readonly text: string;
  /** The same for every delivery of the same event, so that mail programs and people recognise a repetition. */
  readonly messageId: string;
  readonly priority: "high" | "normal";
  readonly headers: Readonly<Record<string, string>>;
}

const SUBJECT_MAX = 180;

/** `from` gives the domain of the message id. */
export function composeEmail(event: ClusterEvent, options: { readonly cluster: string; readonly from: string }): EmailMessage {
  const { cluster } = options;
  const domain = /@([A-Za-z0-9.-]+)/.exec(options.from)?.[1] ?? "localhost";
  return {
    subject: oneLine(`[quorate ${cluster}] ${event.severity} ${event.message}`).slice(0, SUBJECT_MAX),
    text: composeText(event, cluster),
    messageId: `<quorate.${cluster}.${eventId(event)}@${domain}>`,
    priority: event.severity === "critical" || event.severity === "error" ? "high" : "normal",
    headers: {
      "List-Id": `Events of the cluster ${cluster} <${cluster}.quorate.${domain}>`,
      "Auto-Submitted": "auto-generated",
      "X-Quorate-Event": event.type,
      "X-Quorate-Id": eventId(event),
      "X-Quorate-Severity": event.severity,
    },
  };
}

function composeText(event: ClusterEvent, cluster: string): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ["Cluster", cluster],
    ["Event", event.type],
    ["Severity", event.severity],
    ["Time", new Date(event.atMs).toISOString()],
    ["Node", event.node],
    ["Resource", event.resource],
    ...Object.entries(event.data).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ["Event id", eventId(event)],
  ];
  const given = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null && fact[1] !== "");
  const width = Math.max(...given.map(([name]) => name.length)) + 2;
  const lines = given.map(([name, value]) => `${`${name}:`.padEnd(width)}${value.split("\n").join(`\n${" ".repeat(width)}`)}`);
  return `${event.message}\n\n${lines.join("\n")}\n\nThis mail may come more than once; its event id tells.\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
