/** Times as crm_mon writes them. */

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Milliseconds since the Unix epoch to text. The zone belongs to the machine, so renderers are given the function. */
export type TimeText = (atMs: number) => string;

/** `Tue Nov 24 00:47:27 2026` in the local zone. */
export function localTimeText(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${DAYS[at.getDay()]} ${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${clock} ${at.getFullYear()}`;
}

/** A span for people: `332ms`, `12s`, `2m59s`. */
export function spanText(spanMs: number): string {
  if (spanMs < 1000) return `${spanMs}ms`;
  const seconds = spanMs / 1000;
  if (seconds < 60) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)}s`;
  return `${Math.floor(seconds / 60)}m${Math.floor(seconds % 60)}s`;
}
