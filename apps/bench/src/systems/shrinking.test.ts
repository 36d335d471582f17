import { expect, test } from "vitest";
import { shrinkRows } from "./shrinking.ts";

test("a run of FedARA sends less in each round, and as many times less in all as is claimed", async () => {
  const weights = [
    { name: "layers.0.feedForward.up.weight", shape: [256, 64] },
    { name: "layers.0.feedForward.down.weight", shape: [64, 256] },
  ];
  const rows = await shrinkRows({ numLayers: 2, hiddenSize: 64, keyValueWidth: 64, weights });
  const [first, last, ratio, serverMs] = rows.map(({ value }) => value ?? Number.NaN);
  expect((last ?? 0) / (first ?? 0)).toBeGreaterThan(0.15);
  expect((last ?? 0) / (first ?? 0)).toBeLessThan(0.4); // a quarter of the components, other ones wide or narrow
  const rounds = [...(rows[1]?.note ?? "").matchAll(/\d+: (\d+\.\d+)/g)].map(([, megabytes]) => Number(megabytes));
  expect(rounds).toEqual([...rounds].sort((x, y) => y - x));
  expect(rounds).toHaveLength(7);
  expect(ratio).toBeGreaterThan(2.2); // names and scores weigh more than on GPT-2
  expect(serverMs).toBeGreaterThan(0);
});
