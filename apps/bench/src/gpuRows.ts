import {
  countDispatches,
  type DevicePeaks,
  measureKernels,
  measureMemory,
  measurePeaks,
  measureProducts,
  measureStep,
  randomBackbone,
  stepOperations,
  threeBillion,
} from "@tutti/model/bench";
import { attempt } from "./attempts.ts";
import { countRows, kernelRow, megabytes, productRow, round, stepRow, weightRow } from "./kernelRows.ts";
import { type BenchRow, row } from "./rows.ts";

/** How much of the table of a GPU is measured, and where each row goes as soon as it is there. */
export interface GpuTableOptions {
  /** Tiny sizes, to see that everything runs. */
  readonly isQuick: boolean;
  onRow(row: BenchRow): void;
}

const wholeBatch = { numTexts: 8, numTokens: 32 };
const tinyBatch = { numTexts: 2, numTokens: 8 };

/** Two layers of an encoder, so that one of them has an input gradient. */
const encoder = (width: number) =>
  randomBackbone(
    { family: "roberta", hiddenSize: width, intermediateSize: 4 * width, numLayers: 2, numHeads: width / 64, vocabSize: 512 },
    "int8",
  );

/** The table of a GPU: its peaks, training steps against stock, kernels against the roofline, memory of three billion parameters. */
export async function measureGpu({ isQuick, onRow }: GpuTableOptions): Promise<BenchRow[]> {
  const widths = isQuick ? [64] : [768, 1024, 2048, 4096];
  const batch = isQuick ? tinyBatch : wholeBatch;
  const numRows = batch.numTexts * batch.numTokens;
  const all: BenchRow[] = [];
  const add = (rows: readonly BenchRow[]) => {
    for (const one of rows) {
      all.push(one);
      onRow(one);
    }
  };
  const peakSize = isQuick ? 64 : 4096;
  const peaks = await measurePeaks(peakSize, isQuick ? 200 : 8000);
  const { operationsPerSecond, bytesPerSecond } = peaks;
  add([
    {
      ...row("best product", operationsPerSecond / 1e9, "GFLOP/s"),
      note: `(${peakSize}, ${peakSize}) · (${peakSize}, ${peakSize}), ours from f32 or int8, or the library's`,
    },
    { ...row("sum of two vectors", bytesPerSecond / 1e9, "GB/s"), note: `${megabytes(16 * peakSize ** 2)} each` },
  ]);
  for (const [family, atMost] of [["roberta", 20] as const, ["gpt2", 20] as const, ["llama", 26] as const]) {
    const wanted = { name: `dispatches per layer and step, ${family}`, unit: "", goal: { atMost } };
    add(
      await attempt(wanted, async () =>
        countRows(family, { own: await countDispatches(family, "own"), stock: await countDispatches(family, "stock") }, atMost),
      ),
    );
  }
  for (const width of widths) {
    add(await attempt({ name: `two layers of ${width}: stock / ours`, unit: "×" }, () => stepRows(width, peaks, isQuick)));
  }
  for (const width of widths) {
    const wanted = { name: `product of width ${width}: jax-js / ours`, unit: "×" };
    const rounds = { minRounds: 3, maxRounds: isQuick ? 3 : 31, budgetMs: 5000 };
    add(await attempt(wanted, async () => [productRow(width, numRows, await measureProducts(width, numRows, rounds))]));
  }
  for (const width of isQuick ? widths : [768, 4096])
    add(await attempt({ name: `kernels of ${width}`, unit: "ms" }, () => kernelRows(width, peaks, isQuick)));
  add(await attempt({ name: "3B LLaMA shape, int4", unit: "× packed" }, () => memoryRows(isQuick)));
  return all;
}

async function stepRows(width: number, peaks: DevicePeaks, isQuick: boolean): Promise<BenchRow[]> {
  const backbone = encoder(width);
  const batch = isQuick ? tinyBatch : wholeBatch;
  const rounds = isQuick ? { minRounds: 2, maxRounds: 2, budgetMs: 0 } : { minRounds: 5, maxRounds: 31, budgetMs: 15_000 };
  const step = await measureStep(backbone, batch, rounds);
  const operations = stepOperations(backbone, batch.numTexts * batch.numTokens);
  const share = operations / (step.ownMs / 1000) / peaks.operationsPerSecond;
  const note = `${round(operations / 1e9)} GFLOP of products in ${round(step.ownMs)} ms`;
  return [
    stepRow(`training step of two layers of ${width}`, step, null),
    { ...row(`share of the measured peak, two layers of ${width}`, 100 * share, "%"), note },
  ];
}

async function kernelRows(width: number, peaks: DevicePeaks, isQuick: boolean): Promise<BenchRow[]> {
  const heads = width / 64;
  const batch = isQuick ? tinyBatch : wholeBatch;
  const sizes = { width, intermediate: 4 * width, numHeads: heads, numKeyValueHeads: heads, ...batch, vocabSize: 512 };
  const kernels = await measureKernels({ ...sizes, encoding: "int8", isGated: false }, peaks, isQuick ? 500 : 10_000);
  return kernels.map((kernel) => kernelRow(`width ${width}, int8:`, kernel));
}

async function memoryRows(isQuick: boolean): Promise<BenchRow[]> {
  const shape = isQuick
    ? { ...threeBillion, hiddenSize: 96, intermediateSize: 256, numLayers: 2, numHeads: 3, numKeyValueHeads: 1, vocabSize: 512 }
    : threeBillion;
  const backbone = randomBackbone(shape, "int4");
  const name = isQuick ? "2 tiny layers of LLaMA shape, int4" : `LLaMA shape of ${round(backbone.numParameters / 1e9)}B parameters, int4`;
  const memory = await measureMemory(backbone, isQuick ? tinyBatch : wholeBatch);
  const note = `loss ${round(memory.loss)}; the second step took ${round(memory.stepMs)} ms`;
  return [weightRow(name, memory), { ...row(`GPU memory in training steps, ${name}`, memory.allocatedBytes / 1e9, "GB"), note }];
}
