/** Date tests of rules (1-state B14, B15, A11). Everything is UTC; times are milliseconds since the epoch. */
import type { XmlElement } from "@quorate/cib";

const DAY_MS = 86_400_000;

export function dateExpressionPasses(element: XmlElement, nowMs: number, recheckAt: (atMs: number) => void): boolean {
  const operation = (element.attributes["operation"] ?? "in_range").toLowerCase();
  const start = parseDate(element.attributes["start"], nowMs);
  const duration = element.children.find((child) => child.name === "duration");
  const end = parseDate(element.attributes["end"], nowMs) ?? (start !== null && duration !== undefined ? addDuration(start, duration) : null);
  const now = Math.floor(nowMs / 1000) * 1000;
  switch (operation) {
    case "date_spec":
    case "ds": {
      const spec = element.children.find((one) => one.name === "date_spec");
      return spec === undefined || dateSpecPasses(spec, now);
    }
    case "gt":
      if (start !== null && now <= start) recheckAt(start + 1000);
      return start !== null && now > start;
    case "lt":
      if (end !== null && now < end) recheckAt(end);
      return end !== null && now < end;
    case "in_range":
    case "range":
      return inRange({ start, end, now }, recheckAt);
    default:
      return false;
  }
}

interface Bounds {
  readonly start: number | null;
  readonly end: number | null;
  readonly now: number;
}

function inRange({ start, end, now }: Bounds, recheckAt: (atMs: number) => void): boolean {
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

/**
 * Null when absent or not a date. The time stands after the first `T` or blank, the zone after the next blank; what follows
 * is passed over. `nowMs` gives the day of a text that is only a time.
 */
export function parseDate(text: string | undefined, nowMs: number): number | null {
  if (text === undefined || text === "") return null;
  if (text.toLowerCase() === "epoch") return 0;
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  if (text[2] === ":") return parseTime(today, text);
  const at = text.search(/[T ]/);
  const day = text.startsWith("T") ? today : parseDay(text.trimStart());
  return day === null || at === -1 ? day : parseTime(day, text.slice(at + 1));
}

function parseTime(dayMs: number, text: string): number | null {
  if (text === "") return dayMs;
  const clock = parseClock(text);
  if (clock === null) return null;
  const [, sign = "", zone] = /\s+([-+]?)(\d.*)$/.exec(text.replace(/Z.*$/, "")) ?? [];
  const offset = zone === undefined ? 0 : parseClock(zone);
  return offset === null ? null : dayMs + clock - (sign === "-" ? -offset : offset);
}

/** `h:m`, `h:m:s`, `hh`, `hhmm` or `hhmmss` as milliseconds; 24:00 is the end of the day. */
function parseClock(text: string): number | null {
  const [, hours, minutes = "0", seconds = "0"] = /^(\d+):(\d+)(?::(\d+))?/.exec(text) ?? /^(\d{1,2})(\d{2})?(\d{2})?/.exec(text) ?? [];
  if (hours === undefined) return null;
  const milliseconds = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return Number(minutes) > 59 || Number(seconds) > 59 || milliseconds > DAY_MS ? null : milliseconds;
}

/** Calendar, ordinal and week dates; two numbers are a year and its day. */
function parseDay(text: string): number | null {
  const [, year, month, day] = /^([-+]?\d+)-(\d+)-(\d+)/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})/.exec(text) ?? [];
  if (day !== undefined) return calendarDay(Number(year), Number(month), Number(day));
  const [, ordinalYear, yearDay] = /^([-+]?\d+)-(\d+)/.exec(text) ?? [];
  if (yearDay !== undefined) return within(yearStart(Number(ordinalYear)), Number(yearDay), yearStart(Number(ordinalYear) + 1));
  const [, weekYear, week, weekday] = /^(\d{4})-W(\d{2})-(\d)/.exec(text) ?? [];
  if (weekday === undefined || Number(weekday) < 1 || Number(weekday) > 7 || Number(week) < 1) return null;
  return within(weekOneMonday(Number(weekYear)), (Number(week) - 1) * 7 + Number(weekday), weekOneMonday(Number(weekYear) + 1));
}

function calendarDay(year: number, month: number, day: number): number | null {
  if (month < 1 || month > 12) return null;
  const first = new Date(yearStart(year));
  first.setUTCMonth(month - 1);
  const next = new Date(first);
  next.setUTCMonth(month);
  return within(first.getTime(), day, next.getTime());
}

/** The day of that number from 1, if it comes before `end`. */
function within(start: number, day: number, end: number): number | null {
  const at = start + (day - 1) * DAY_MS;
  return day >= 1 && at < end ? at : null;
}

/** Also of years before 100, which `Date.UTC` takes for others. */
function yearStart(year: number): number {
  const date = new Date(0);
  return date.setUTCFullYear(year, 0, 1);
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
  const [, low, dash, high] = /^(\s*\+?\d+|)(-?)((?:\s*[-+]?\d+)?)$/.exec(text ?? "") ?? [];
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
