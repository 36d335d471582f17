import fc from "fast-check";
import { expect, test } from "vitest";
import { ExactNumber, exactNumber, numberText, textOfNumber } from "./exactNumber.ts";
import { readOwner } from "./examples.ts";

test.each([
  ["1.0", "1"],
  ["10e-1", "1"],
  ["-0", "0"],
  ["0.00", "0"],
  ["1e3", "1000"],
  ["-12.50", "-12.5"],
  ["1.234567890123456789e18", "1234567890123456789"],
  ["1e21", "1000000000000000000000"],
  ["0.0001230", "0.000123"],
  ["007", "7"],
  ["25e-3", "0.025"],
  ["3e999999999", "3e999999999"],
  ["12e-500", "12e-500"],
  ["Infinity", "Infinity"],
])("%s is written %s", (literal, text) => {
  expect(numberText(literal)).toBe(text);
});

test("whole numbers, and all that a number holds, are numbers; what loses digits keeps them", () => {
  for (const literal of ["0", "-7", "0.1", "1e3", "9007199254740991", "9007199254740992", "1e22", "-0"])
    expect(exactNumber(literal), literal).toBe(Number(literal) + 0);
  for (const literal of [
    "9007199254740993",
    "-1234567890123456781",
    "0.12345678901234567891",
    "1.234567890123456789e18",
    "1e400",
    "1e-400",
  ])
    expect(exactNumber(literal), literal).toBeInstanceOf(ExactNumber);
  expect(textOfNumber(exactNumber("-1234567890123456781.0"))).toBe("-1234567890123456781");
  expect([textOfNumber(1e21), textOfNumber(1.5), textOfNumber("1"), textOfNumber(null)]).toEqual([
    "1000000000000000000000",
    "1.5",
    null,
    null,
  ]);
});

test("two whole numbers have one text only when they are equal, however they are written", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.integer({ min: -3, max: 3 }), (value, offset) => {
      const text = (whole: bigint) => textOfNumber(exactNumber(String(whole)));
      expect(text(value)).toBe(String(value));
      expect(text(value + BigInt(offset)) === text(value)).toBe(offset === 0);
      expect(textOfNumber(exactNumber(`${value}.000`))).toBe(String(value));
      expect(textOfNumber(exactNumber(`${value}00e-2`))).toBe(String(value));
    }),
  );
});

test("NaN, which Parquet files hold where a number is missing, names nobody", () => {
  expect([textOfNumber(Number.NaN), textOfNumber(Number.POSITIVE_INFINITY), textOfNumber(-0)]).toEqual([null, null, "0"]);
  const row = { line: 3, fields: { owner: Number.NaN } };
  expect(() => readOwner(row, "owner", "own.parquet line 3")).toThrow('own.parquet line 3: field "owner" must be text, found null');
});
