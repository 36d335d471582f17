import { expect, test } from "vitest";
import { formatBytes, formatNumber, formatScore, formatSeconds } from "./format.ts";

test("bytes have one unit and one digit", () => {
  expect([0, 999, 1234, 999_949, 999_950, 12_345_678, 3_210_000_000].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.2 kB",
    "999.9 kB",
    "1.0 MB",
    "12.3 MB",
    "3.21 GB",
  ]);
});

test("seconds grow into minutes and hours", () => {
  expect([0.04, 7.26, 42.4, 59.6, 185, 3725].map(formatSeconds)).toEqual([
    "0.0 s",
    "7.3 s",
    "42 s",
    "1 min 00 s",
    "3 min 05 s",
    "1 h 02 min",
  ]);
});

test("a score that was not measured is a dash", () => {
  expect([formatScore(0.6449), formatScore(null)]).toEqual(["0.645", "–"]);
});

test("numbers keep four significant digits", () => {
  expect([0, 8.0000000004, 96.4865788, -0.00014, 123456].map(formatNumber)).toEqual(["0", "8", "96.49", "-1.40e-4", "1.23e+5"]);
});
