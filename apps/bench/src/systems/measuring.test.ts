import { expect, test } from "vitest";
import { measuringRows } from "./measuring.ts";

test("a device that computes forward passes alone sends a slope of four bytes for each direction, and the server's step is timed", async () => {
  const [up, gradient, step] = await measuringRows();
  expect(up).toMatchObject({ holds: true, unit: "kB" });
  expect((up?.value ?? 0) * 1000).toBeGreaterThanOrEqual(4 * 64);
  expect((up?.value ?? 0) * 1000).toBeLessThan(4 * 64 + 60);
  expect(gradient?.value).toBeGreaterThan(2 * 0.001 * 12 * 2 * 20 * 768); // two bytes a value
  expect(step?.value).toBeGreaterThan(0);
});
