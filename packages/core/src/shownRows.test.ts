import { expect, test } from "vitest";
import { shownRows } from "./shownRows.ts";

test("the rows whose answers are shown follow from the seed, ascend, and are all of them where there are few", () => {
  const rows = shownRows({ seed: 5 }, 288, 10);
  expect(rows).toHaveLength(10);
  expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
  expect(rows.every((row) => row >= 0 && row < 288)).toBe(true);
  expect(shownRows({ seed: 5 }, 288, 10)).toEqual(rows);
  expect(shownRows({ seed: 6 }, 288, 10)).not.toEqual(rows);
  expect(shownRows({ seed: 5 }, 3, 10)).toEqual([0, 1, 2]);
});
