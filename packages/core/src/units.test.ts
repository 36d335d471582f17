import { expect, test } from "vitest";
import { formatBytes, formatCount, formatNumber, formatPercent, formatScore, formatSeconds, formatWhole } from "./units.ts";

test("bytes have three significant digits, in units of 1000, and never show 1000 of a unit", () => {
  expect([0, 1, 999, 1000, 50_400, 999_499, 999_500, 2_460_000, 999_600_000, 3_214_000_000, 7e12, 1_234_000e9].map(formatBytes)).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1.00 kB",
    "50.4 kB",
    "999 kB",
    "1.00 MB",
    "2.46 MB",
    "1.00 GB",
    "3.21 GB",
    "7.00 TB",
    "1,234 TB",
  ]);
});

test("bytes of a rate are rounded", () => {
  expect([0.4, 749.5, 999.5].map(formatBytes)).toEqual(["0 bytes", "750 bytes", "1.00 kB"]);
});

test("seconds grow into minutes and hours, and parts of 0 are left out", () => {
  expect([-3, 0, 0.04, 0.36, 7.26, 8, 9.49, 9.96, 42.4, 59.6, 120, 185, 3599.6, 3725, 7199, 90_061].map(formatSeconds)).toEqual([
    "0 s",
    "0 s",
    "0 s",
    "0.4 s",
    "7.3 s",
    "8 s",
    "9.5 s",
    "10 s",
    "42 s",
    "1 min",
    "2 min",
    "3 min 5 s",
    "1 h",
    "1 h 2 min",
    "2 h",
    "25 h 1 min",
  ]);
});

test("a count has its noun in the singular for 1 alone, with the plural that is given", () => {
  expect([0, 1, 2, 12_345].map((count) => formatCount(count, "round"))).toEqual(["0 rounds", "1 round", "2 rounds", "12,345 rounds"]);
  expect([1, 4].map((count) => formatCount(count, "class", "classes"))).toEqual(["1 class", "4 classes"]);
});

test("whole numbers have their thousands apart", () => {
  expect([0, 999, 1440, -1_234_567].map(formatWhole)).toEqual(["0", "999", "1,440", "-1,234,567"]);
});

test("a percentage has one decimal", () => {
  expect([0, 0.61543, 1].map(formatPercent)).toEqual(["0.0 %", "61.5 %", "100.0 %"]);
});

test("a score that was not measured is a dash", () => {
  expect([formatScore(0.6449), formatScore(null)]).toEqual(["0.645", "–"]);
});

test("numbers keep four significant digits", () => {
  expect([0, 8.0000000004, 96.4865788, -0.00014, 123456].map(formatNumber)).toEqual(["0", "8", "96.49", "-1.40e-4", "1.23e+5"]);
});
