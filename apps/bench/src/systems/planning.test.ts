import { expect, test } from "vitest";
import { planningRows } from "./planning.ts";

test("planning a thousand clients is timed, and most but not all of them can take part", () => {
  const [planning] = planningRows();
  const numPlanned = Number(/^\d+/.exec(planning?.note ?? "")?.[0]);
  expect(numPlanned).toBeGreaterThan(500);
  expect(numPlanned).toBeLessThan(1000);
  expect(planning?.value).toBeGreaterThan(0);
});
