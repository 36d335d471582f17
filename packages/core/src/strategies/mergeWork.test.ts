import { expect, test } from "vitest";
import { zeros } from "../params.ts";
import { loraRun } from "../testing/loraRun.ts";
import { trained } from "../testing/run.ts";
import { mergeWork } from "./mergeWork.ts";
import { strategies } from "./table.ts";

const sent = [3, 2].map((rank, device) =>
  trained(device, 1, 1, {
    "lora/0/query/a": zeros([rank, 20]),
    "lora/0/query/b": zeros([30, rank]),
    "lora/0/value/a": zeros([rank, 4]),
    "lora/0/value/b": zeros([4, rank]),
    "head/bias": zeros([3]),
  }),
);
const runOf = (name: keyof typeof strategies) => ({ ...loraRun(), strategy: strategies[name].defaults });

test("the work of a merge grows with sizes and the sum of the ranks, and is nothing where factors are averaged", () => {
  // components 5: QR of 50 rows, an SVD of 5, thin; then QR of 8 rows, an SVD of 5, and 4 · 4 · 5 of a dense sum
  const expected = 2 * 50 * 25 + 30 * 125 + (2 * 8 * 25 + 30 * 125 + 80);
  for (const name of ["flexLora", "raFLora", "fedExLora", "fLora", "fedPipe"] as const)
    expect(mergeWork(runOf(name), sent), name).toBe(expected);
  for (const name of ["fedAvg", "ffaLora", "roLora"] as const) expect(mergeWork(runOf(name), sent), name).toBe(0);
  expect(mergeWork({ ...runOf("flexLora"), tuning: { ...loraRun().tuning, method: "prefix" } as never }, sent)).toBe(0);
});
