/** Date tests of rules (1-state B14, B15, A11). Everything is UTC; times are milliseconds since the epoch. */
import type { XmlElement } from "@quorate/cib";

const DAY_MS = 86_400_000;

export function dateExpressionPasses(element: XmlElement, nowMs: number, recheckAt: (atMs: number) => void): boolean {
  const operation = (element.attributes["operation"] ?? "in_range").toLowerCase();
  const start = parseDate(element.attributes["start"], nowMs);
  const end = parseDate(element.attributes["end"], nowMs);
  const now = Math.floor(nowMs / 1000) * 1000;
  switch (operation) {
    case "date_spec":
    case "ds":
      return element.children.some((spec) => spec.name === "date_spec" && dateSpecPasses(spec, now));
    case "gt":
      if (start !== null && now <= start) recheckAt(start + 1000);
      return start !== null && now > start;
    case "lt":
      if (end !== null && now < end) recheckAt(end);
      return end !== null && now < end;
    case "in_range":
    case "range":
      return inRange(element, { start, end, now }, recheckAt);
    default:
      return false;
  }
}

interface Bounds {
  readonly start: number | null;
  readonly end: number | null;
  readonly now: number;
}

function inRange(element: XmlElement, { start, end: givenEnd, now }: Bounds, recheckAt: (atMs: number) => void): boolean {
  const duration = element.children.find((child) => child.name === "duration");
  const end = givenEnd ?? (start !== null && duration !== undefined ? addDuration(start, duration) : null);
  if (start === null && end === null) return false;
  if (start !== null && now < start) {
    recheckAt(start);
    return false;
  }
  if (end === null) return true;
  if (now > end) return false;
  recheckAt(end + 1000);
  return true;
}

/** Years keep the day of the year, months clip the day of the month. */
function addDuration(startMs: number, duration: XmlElement): number {
  const amount = (name: string): number => Number.parseInt(duration.attributes[name] ?? "0", 10) || 0;
  let date = new Date(startMs);
  const years = amount("years");
  if (years !== 0) {
    const dayMs = startMs - Date.UTC(date.getUTCFullYear(), 0, 1);
    date = new Date(Date.UTC(date.getUTCFullYear() + years, 0, 1) + dayMs);
  }
  const months = amount("months");
  if (months !== 0) {
    const day = date.getUTCDate();
    date.setUTCDate(1);
    date.setUTCMonth(date.getUTCMonth() + months);
    const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    date.setUTCDate(Math.min(day, daysInMonth));
  }
  const rest = (amount("weeks") * 7 + amount("days")) * DAY_MS + amount("hours") * 3_600_000 + amount("minutes") * 60_000 + amount("seconds") * 1000;
  return date.getTime() + rest;
}

/** Null when absent or not a date. `nowMs` gives the day of a text that is only a time. */
export function parseDate(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  if (text.trim().toLowerCase().startsWith("epoch")) return 0;
  const [, dayText, timeText] = /^([^T\s]*)[T\s]?(.*)$/.exec(text.trim()) ?? [];
  const onlyTime = dayText !== undefined && dayText.includes(":");
  const day = onlyTime || dayText === "" ? Math.floor(nowMs / DAY_MS) * DAY_MS : parseDay(dayText ?? "");
  if (day === null) return null;
  const time = onlyTime ? text.trim() : (timeText ?? "");
  if (time === "") return day;
  const [, hours, minutes = "0", seconds = "0"] = /^(\d{2}):?(\d{2})?:?(\d{2})?/.exec(time) ?? [];
  if (hours === undefined) return null;
  const [, sign, zoneHours, zoneMinutes = "0"] = /\s([-+])(\d{2}):?(\d{2})?/.exec(time) ?? [];
  const offset = sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  return day + (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 - offset;
}

function parseDay(text: string): number | null {
  const calendar = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text);
  if (calendar !== null) return Date.UTC(Number(calendar[1]), Number(calendar[2]) - 1, Number(calendar[3]));
  const ordinal = /^(\d{4})-(\d{3})$/.exec(text);
  if (ordinal !== null) return Date.UTC(Number(ordinal[1]), 0, Number(ordinal[2]));
  const week = /^(\d{4})-W(\d{2})-(\d)$/.exec(text);
  if (week === null) return null;
  return weekOneMonday(Number(week[1])) + ((Number(week[2]) - 1) * 7 + Number(week[3]) - 1) * DAY_MS;
}

function weekOneMonday(year: number): number {
  const fourth = Date.UTC(year, 0, 4);
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS;
}

function dateSpecPasses(spec: XmlElement, nowMs: number): boolean {
  const date = new Date(nowMs);
  const yearDay = Math.floor((nowMs - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
  const weekday = ((date.getUTCDay() + 6) % 7) + 1;
  const thursday = new Date(nowMs + (4 - weekday) * DAY_MS);
  const weekYear = thursday.getUTCFullYear();
  const fields: Readonly<Record<string, number>> = {
    seconds: date.getUTCSeconds(), minutes: date.getUTCMinutes(), hours: date.getUTCHours(),
    monthdays: date.getUTCDate(), weekdays: weekday, yeardays: yearDay, months: date.getUTCMonth() + 1,
    weeks: Math.floor((nowMs - weekOneMonday(weekYear)) / (7 * DAY_MS)) + 1,
    years: date.getUTCFullYear(), weekyears: weekYear, moon: moonPhase(date.getUTCFullYear(), yearDay),
  };
  return Object.entries(fields).every(([name, value]) => contains(spec.attributes[name], value));
}

/** `n`, `a-b`, `a-` or `-b`; a text that cannot be read does not restrict. */
function contains(text: string | undefined, value: number): boolean {
  const [, low, dash, high] = /^(\d*)(-?)(\d*)$/.exec(text ?? "") ?? [];
  if (low === undefined || (low === "" && high === "")) return true;
  if (dash === "") return value === Number(low);
  return (low === "" || value >= Number(low)) && (high === "" || value <= Number(high));
}

function moonPhase(year: number, yearDay: number): number {
  const golden = (year % 19) + 1;
  let epact = (11 * golden + 18) % 30;
  if ((epact === 25 && golden > 11) || epact === 24) epact++;
  return Math.floor((((yearDay + epact) * 6 + 11) % 177) / 22) & 7;
}
