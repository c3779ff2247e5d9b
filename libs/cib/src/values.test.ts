import { describe, expect, test } from "vitest";
import {
  DEFAULT_TIMEOUT_MS, INFINITY_SCORE, INTERVAL_MS_MAX, addScores, isTrue, parseBoolean, parseIntegerFrom, parseIntervalMs, parseScore, parseTimeMs,
  parseTimeoutMs,
} from "./values.ts";

// Expectations of this file were asked of Pacemaker 2.1.5 (crm_simulate), unless they only repeat its documentation.

test.each<[string | null, boolean | null]>([
  ["true", true], ["on", true], ["yes", true], ["y", true], ["1", true], ["TRUE", true], ["Yes", true],
  ["false", false], ["off", false], ["no", false], ["n", false], ["0", false], ["False", false],
  ["", null], [null, null], ["2", null], ["truee", null], [" true", null],
])("boolean %j is %j", (text, want) => {
  expect(parseBoolean(text)).toBe(want);
  expect(isTrue(text)).toBe(want === true);
});

describe("scores", () => {
  test.each<[string | null, number]>([
    [null, 0], ["", 0], ["5", 5], ["+5", 5], ["5.9", 5], ["-5", -5], [" 7", 7], ["7x", 7], ["1e5", 1], ["abc", 0], ["--5", 0], ["+-5", 0], ["0x10", 0], ["- 5", 0],
    ["INFINITY", INFINITY_SCORE], ["+INFINITY", INFINITY_SCORE], ["-INFINITY", -INFINITY_SCORE], ["infinity", 0], ["-infinity", 0], ["+INFINITYx", 0],
    ["2000000", INFINITY_SCORE], ["-2000000", -INFINITY_SCORE], ["9223372036854775807", INFINITY_SCORE], ["9223372036854775808", 0], ["-99999999999999999999", 0],
    ["red", 0], ["GREEN", 0],
  ])("%j is %j", (text, want) => expect(parseScore(text)).toBe(want));

  test("colours give the present health scores", () => {
    const health = { red: -INFINITY_SCORE, yellow: -10, green: 3_000_000 };
    expect(["Red", "yellow", "green"].map((colour) => parseScore(colour, health))).toEqual([-INFINITY_SCORE, -10, INFINITY_SCORE]);
  });

  test.each([
    [1, 2, 3], [INFINITY_SCORE, -INFINITY_SCORE, -INFINITY_SCORE], [INFINITY_SCORE, -5, INFINITY_SCORE], [-INFINITY_SCORE, 5, -INFINITY_SCORE],
    [999_999, 5, INFINITY_SCORE], [-999_999, -5, -INFINITY_SCORE],
  ])("%j and %j are %j", (a, b, want) => {
    expect(addScores(a, b)).toBe(want);
    expect(addScores(b, a)).toBe(want);
  });
});

test.each<[string | null, number, number]>([[null, 1, 1], ["", 1, 1], ["x", 2, 2], ["0", 1, 1], ["-3", 0, 0], ["4", 1, 4], ["4.7", 1, 4]])(
  "integer %j from %j on is %j",
  (text, floor, want) => expect(parseIntegerFrom(text, floor)).toBe(want),
);

test.each<[string | null, number]>([
  ["20", 20_000], ["20s", 20_000], ["10 s", 10_000], ["7S", 7000], ["5 sec", 5000], ["5\t", 5000], [" 5s", 5000], ["5.7s", 5000], ["1.9min", 60_000],
  ["5min30s", 300_000], ["5minutes", 300_000], ["5hx", 18_000_000], ["5ssss", 5000], ["5ms", 5], ["100us", 0], ["1500us", 1], ["0", 0],
  ["2147483", 2_147_483_000], ["2147483647ms", 2_147_483_647], ["99999999999", 276_446_232], ["4294967296", 0], ["4294967301ms", 5],
  ...[null, "", "abc", "P10S", "PT10S", "0x10", "1e3", "+5", "-5s", "-", "5days", ".5s", "--5", "5-3", "5\n", "2147484", "2147483648ms", "9223372036854775807",
    "99999999999999999999"].map((text): [string | null, number] => [text, DEFAULT_TIMEOUT_MS]),
])("timeout %j is %j ms", (text, want) => expect(parseTimeoutMs(text)).toBe(want));

test.each<[string | null, number]>([
  [null, 0], ["", 0], ["10s", 10_000], ["5hours", 18_000_000], ["-5s", 0], ["5days", 0], ["4294967296", INTERVAL_MS_MAX], ["99999999999999999999", INTERVAL_MS_MAX],
  ["PT10S", 10_000], ["P10S", 10_000], ["PT1M", 60_000], ["P1M", 30 * 86_400_000], ["P1M1M", 30 * 86_400_000], ["PT1H1H", 7_200_000], ["P1S1M", 2_592_001_000],
  ["P1D", 0], ["P1DT1S", 1000], ["P1W", 6 * 86_400_000], ["P2W", 13 * 86_400_000], ["P1D1W", 7 * 86_400_000], ["PT1S1D", 1000], ["P1Y", 0], ["P1YT5S", 5000],
  ["P2Y", INTERVAL_MS_MAX], ["PT4294968S", INTERVAL_MS_MAX], ["P2147483647S", INTERVAL_MS_MAX], ["P2147483648S", 0], ["P99999999999S", 0],
  ["PT90S ", 90_000], ["PT1S x", 1000], ["P1S T1M", 1000], ["PTT5S", 5000], ["PT5ST", 5000], ["P+5S", 5000], ["P05S", 5000],
  ["P", 0], ["PT", 0], ["P10", 0], ["PT1S1", 0], ["PT0.5S", 0], ["P1.5D", 0], ["P-1D", 0], ["pt10s", 0], ["P 5S", 0], ["P5 S", 0], ["P0001-00-00T00:00:10", 0],
])("interval %j is %j ms", (text, want) => expect(parseIntervalMs(text)).toBe(want));

test("a time that cannot be read is null, so that options can fall back to their own default", () => {
  expect([parseTimeMs("5s"), parseTimeMs("soon"), parseTimeMs(null)]).toEqual([5000, null, null]);
});
