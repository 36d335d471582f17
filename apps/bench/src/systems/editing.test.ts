import { expect, test } from "vitest";
import { editRows } from "./editing.ts";

test("a round of FedDTPT keeps to its bytes, up and down, and the server's step is timed", async () => {
  const rows = await editRows();
  const [up, down, server, short] = rows.map(({ value }) => value ?? Number.NaN);
  expect(rows.filter(({ goal }) => goal !== null).map(({ holds }) => holds)).toEqual([true, true]);
  expect(up).toBeGreaterThan(0.5); // 150 numbers of three to five digits
  expect(down).toBeGreaterThan(0.6); // 150 pairs of two bytes each
  expect(server).toBeGreaterThan(0);
  expect(short).toBeLessThan(down ?? 0);
});
