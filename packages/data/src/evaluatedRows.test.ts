import { join } from "node:path";
import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { findEvaluatedRows } from "./evaluatedRows.ts";

const publicDir = join(import.meta.dirname, "../../../public");

test("the rows that each device's evaluation counts are those that its tab deals itself", async () => {
  const found = await findEvaluatedRows(publicDir, presets.demo);
  const total = (part: "personalised" | "test" | "validation") => found?.shares.reduce((sum, share) => sum + share[part].numRows, 0);
  expect(found?.shares).toHaveLength(20);
  expect(total("test")).toBe(found?.whole.test.numRows);
  expect(total("personalised")).toBe(found?.whole.test.numRows);
  expect(total("validation")).toBe(found?.whole.validation.numRows);
  const sizes = found?.shares.map(({ test }) => test.numRows) ?? [];
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1); // dealt evenly
  expect(new Set(found?.shares.map(({ personalised }) => personalised.numRows)).size).toBeGreaterThan(3); // dealt like the training rows
  expect(found?.whole.test.numBytes).toBeGreaterThan(20 * (found?.whole.test.numRows ?? 0));
});

test("where the data is not there, nothing is known", async () => {
  expect(await findEvaluatedRows(join(publicDir, "nowhere"), presets.demo)).toBeUndefined();
});
