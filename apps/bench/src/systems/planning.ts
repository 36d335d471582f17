import { allBits, type BackboneCost, type ClientMachine, createRandom, planDevice, rankTable } from "@tutti/core";
import { type BenchRow, row } from "../rows.ts";

/** GPT-2 small, with q, k, v and o of each of its twelve layers. */
const backbone: BackboneCost = { numValues: 124_439_808, numLayerValues: 85_054_464, numLayers: 12, hiddenSize: 768, innerSize: 3072 };
const numMatrices = 48;
const numClients = 1000;

/** Planning unlike clients, the table of ranks included. */
export function planningRows(): BenchRow[] {
  const draw = createRandom(3).stream({ purpose: "machines" });
  const matrices = Array.from({ length: numMatrices }, (_, j) => ({ name: `m${j}`, valuesPerRank: 1536, score: draw.uniform() }));
  const machines = Array.from(
    { length: numClients },
    (): ClientMachine => ({
      flopsPerSecond: 10 ** (10 + 3 * draw.uniform()),
      memoryBytes: Math.round(10 ** (8 + 2 * draw.uniform())),
      bytesPerSecond: 10 ** (5 + 2 * draw.uniform()),
      baseForm: draw.uniform() < 0.5 ? "packed" : "unpacked",
    }),
  );
  const limits = { backbone, bits: allBits, batchSizes: [32, 16, 8, 4, 2, 1], roundSeconds: 60, downloadSeconds: 600 };
  const work = { numExamples: 100, localEpochs: 1, numTokens: 64, bytesPerValue: 2 };
  const startedAt = performance.now();
  const table = rankTable(matrices, [1, 2, 4, 8, 16]);
  const numPlanned = machines.filter((machine) => "plan" in planDevice(table, machine, work, limits)).length;
  const seconds = (performance.now() - startedAt) / 1000;
  const note = `${numPlanned} of them can take part; ${numMatrices} matrices, 6 ranks, 3 widths, 6 batch sizes`;
  return [{ ...row("plan 1,000 clients on GPT-2 small", seconds, "s", { atMost: 1 }), note }];
}
