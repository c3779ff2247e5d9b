/** Issues of a document, one line each, in the form that editors and CI logs can jump to. */
import type { Issue } from "@quorate/core";

/** `FILE:LINE:COLUMN: error: path: message`; what is not known is left out. */
export function issueLine(file: string, { severity, path, place, message }: Issue): string {
  const where = place === null ? file : `${file}:${place.line}:${place.column}`;
  return `${where}: ${severity}: ${path === "" ? "" : `${path}: `}${message}`;
}

export function countText(issues: readonly Issue[]): string {
  const errors = issues.filter(({ severity }) => severity === "error").length;
  const warnings = issues.length - errors;
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return [plural(errors, "error"), plural(warnings, "warning")].join(", ");
}
