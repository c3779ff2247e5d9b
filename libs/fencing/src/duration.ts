/**
 * Reads a time as administrators write it in device parameters: `60`, `60s`, `500ms`, `2min`, `1h`; a bare number is seconds.
 * Null when it is none. Source: Pacemaker Explained, "Configuration Value Types" (duration, timeout).
 */
export function parseDurationMs(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  if (match === null) return null;
  const unitMs = UNIT_MS.get((match[2] ?? "").toLowerCase());
  return unitMs === undefined ? null : Math.round(Number(match[1]) * unitMs);
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["", 1_000], ["s", 1_000], ["sec", 1_000],
  ["ms", 1], ["msec", 1],
  ["us", 0.001], ["usec", 0.001],
  ["m", 60_000], ["min", 60_000],
  ["h", 3_600_000], ["hr", 3_600_000],
]);
