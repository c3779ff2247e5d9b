/**
 * Values as they stand in attributes, read exactly as the policy engine of Pacemaker reads them, leniencies included.
 * Source: its regression cases; the rules are quoted in values.test.ts.
 */

/** The score that is "always" (and, negative, "never"). */
export const INFINITY_SCORE = 1_000_000;

/** What a timeout that cannot be read counts as. */
export const DEFAULT_TIMEOUT_MS = 20_000;

/** Intervals are capped here. */
export const INTERVAL_MS_MAX = 4_294_967_295;

const TRUE_WORDS = new Set(["true", "on", "yes", "y", "1"]);
const FALSE_WORDS = new Set(["false", "off", "no", "n", "0"]);

/** True and false in any case and spelling; null when the text is neither (also when it is absent or empty). */
export function parseBoolean(text: string | null): boolean | null {
  if (text === null) return null;
  const word = text.toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : null;
}

/** A plain test: only a true word is true. */
export function isTrue(text: string | null): boolean {
  return parseBoolean(text) === true;
}

/** Scores of the node-health colours (options `node-health-red` and so on). */
export interface HealthScores {
  readonly red: number;
  readonly yellow: number;
  readonly green: number;
}

const NO_HEALTH: HealthScores = { red: 0, yellow: 0, green: 0 };

/**
 * A score in -1000000 to 1000000. Absent is 0; `INFINITY` counts only in capitals; a colour gives its health score;
 * else the leading integer counts, and what has none, or one too large for 64 bits, is 0.
 */
export function parseScore(text: string | null, health: HealthScores = NO_HEALTH): number {
  if (text === null) return 0;
  if (text === "INFINITY" || text === "+INFINITY") return INFINITY_SCORE;
  if (text === "-INFINITY") return -INFINITY_SCORE;
  const colour = text.toLowerCase();
  if (colour === "red" || colour === "yellow" || colour === "green") return clip(health[colour]);
  return clip(leadingInteger(text) ?? 0);
}

/** Sum of scores: never beats always, and both beat every number. */
export function addScores(a: number, b: number): number {
  if (a <= -INFINITY_SCORE || b <= -INFINITY_SCORE) return -INFINITY_SCORE;
  if (a >= INFINITY_SCORE || b >= INFINITY_SCORE) return INFINITY_SCORE;
  return clip(a + b);
}

/** An integer with a floor (`clone-max` and the like): the leading integer, or the floor when it is smaller or missing. */
export function parseIntegerFrom(text: string | null, floor: number): number {
  const value = text === null ? null : leadingInteger(text);
  return value === null ? floor : Math.max(value, floor);
}

/**
 * A span of time with an optional unit (`20`, `20s`, `5 min`, `100ms`), in milliseconds from 0. Only the whole part of the number
 * counts, and signs are not understood, nor are ISO 8601 durations. Null when it cannot be read.
 */
export function parseTimeMs(text: string | null): number | null {
  const ms = readTime(text);
  return ms === null ? null : Number(ms);
}

/** A timeout or delay of an operation in milliseconds: 20 s when it cannot be read, or does not fit 32 bits after their cut. */
export function parseTimeoutMs(text: string | null): number {
  const ms = Number(BigInt.asIntN(32, readTime(text) ?? -1n));
  return ms < 0 ? DEFAULT_TIMEOUT_MS : ms;
}

/** An interval in milliseconds: as a time, or an ISO 8601 duration such as `PT30S`. What cannot be read is 0. */
export function parseIntervalMs(text: string | null): number {
  return Math.min(readIntervalMs(text) ?? 0, INTERVAL_MS_MAX);
}

/** As `parseIntervalMs`, but null for what cannot be read, and without the cap. */
export function readIntervalMs(text: string | null): number | null {
  return text?.startsWith("P") === true ? readDurationMs(text) : parseTimeMs(text);
}

function clip(value: number): number {
  return Math.max(-INFINITY_SCORE, Math.min(INFINITY_SCORE, value));
}

const INT64_MAX = 2n ** 63n - 1n;

/** The integer at the beginning of a text after blanks; null when there is none or it exceeds 64 bits. */
export function leadingInteger(text: string): number | null {
  const found = /^[ \t\r\n\v\f]*([+-]?)(\d+)/.exec(text);
  if (found?.[2] === undefined) return null;
  const size = BigInt(found[2]);
  if (size > INT64_MAX) return null;
  return found[1] === "-" ? -Number(size) : Number(size);
}

/** Milliseconds; what exceeds 64 bits stays at their maximum. */
function readTime(text: string | null): bigint | null {
  const found = /^[ \t]*(\d+)[\d.]*[ \t]*(.*)$/s.exec(text ?? "");
  const factor = unitFactor((found?.[2] ?? "").toLowerCase());
  if (found?.[1] === undefined || factor === null) return null;
  const ms = (BigInt(found[1]) * factor) / 1000n;
  return ms > INT64_MAX ? INT64_MAX : ms;
}

/** Microseconds in one unit. Units go by their beginning, as in `seconds`; no unit means seconds. */
function unitFactor(unit: string): bigint | null {
  if (unit === "") return 1_000_000n;
  if (unit.startsWith("ms")) return 1000n;
  if (unit.startsWith("us")) return 1n;
  if (unit.startsWith("s")) return 1_000_000n;
  if (unit.startsWith("m")) return 60_000_000n;
  if (unit.startsWith("h")) return 3_600_000_000n;
  return null;
}

const DAY_MS = 86_400_000;
const INT32_MAX = 2 ** 31 - 1;

/**
 * A duration is measured like a date, where the first day is day 1: `P1D` is 0 and `P1W` six days. A month has 30 days, and of
 * years only those before the last count. Parts may stand in any order; `T` only decides whether `M` means months or minutes.
 * The text ends at a blank.
 */
function readDurationMs(text: string): number | null {
  const parts = (/^P([^\s]+)/.exec(text)?.[1] ?? "").match(/T|\+?\d+[YMWDHS]|./gs);
  if (parts === null) return null;
  const sums = { years: 0, months: 0, days: 0, seconds: 0 };
  let inTime = false;
  for (const part of parts) {
    if (part === "T") inTime = true;
    else if (!addDurationPart(sums, part, inTime)) return null;
  }
  const wholeDays = daysOfYearsBefore(sums.years) + sums.months * 30 + Math.max(0, sums.days - 1);
  return wholeDays * DAY_MS + sums.seconds * 1000;
}

/** False when the part is none. */
function addDurationPart(sums: { years: number; months: number; days: number; seconds: number }, part: string, inTime: boolean): boolean {
  const amount = Number(part.slice(0, -1));
  if (part.length < 2 || amount > INT32_MAX) return false;
  const unit = part.slice(-1);
  if (unit === "Y") sums.years = amount;
  else if (unit === "M" && !inTime) sums.months = amount;
  else if (unit === "M") sums.seconds += amount * 60;
  else if (unit === "W") sums.days += amount * 7;
  else if (unit === "D") sums.days += amount;
  else if (unit === "H") sums.seconds += amount * 3600;
  else sums.seconds += amount;
  return true;
}

function daysOfYearsBefore(year: number): number {
  if (year < 1) return 0;
  const before = year - 1;
  return before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
}
