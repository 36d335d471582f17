import { join } from "node:path";
import { type BackendName, startBackend } from "@tutti/model";
import {
  countDispatches,
  gptTfjsSteps,
  measureKernels,
  measureMemory,
  measurePeaks,
  measureProducts,
  measureStep,
  randomBackbone,
} from "@tutti/model/bench";
import { loadBackboneFolder, provideNodeGpu } from "@tutti/model/node";
import { projectFolder } from "@tutti/server/checkout";
import { attempt as attemptRows } from "./attempts.ts";
import { countRows, kernelRow, productRow, round, stepRow, weightRow } from "./kernelRows.ts";
import { type BenchRow, type Goal, median, row } from "./rows.ts";

// One process per backend, started by kernels.ts, to which every row goes as soon as it is there: `kernelsChild.ts webgpu|wasm|gptTfjs cpu|probe webgpu`.

/** Exit code that says that this process sees no GPU adapter. */
const noAdapter = 3;
const batch = { numTexts: 8, numTokens: 32 };
const numRows = batch.numTexts * batch.numTokens;
const openMinuet = () => loadBackboneFolder(join(projectFolder, "public/backbones/minuet"));
const openLayer = () =>
  randomBackbone({ family: "roberta", hiddenSize: 768, intermediateSize: 3072, numLayers: 1, numHeads: 12, vocabSize: 512 }, "int8");

function send(...rows: readonly BenchRow[]): void {
  for (const one of rows) process.send?.(one);
}

/** Sends what the work finds, or a row that says why it failed. */
const attempt = async (...args: Parameters<typeof attemptRows>) => send(...(await attemptRows(...args)));

async function steps(backend: string, goals: { minuet: Goal; layer: Goal }, budgetsMs: { minuet: number; layer: number }): Promise<void> {
  const rounds = { minRounds: 3, maxRounds: 15 };
  const minuet = `training step of minuet, ${backend}`;
  await attempt({ name: `${minuet}: stock / ours`, unit: "×", goal: goals.minuet }, async () => [
    stepRow(minuet, await measureStep(await openMinuet(), batch, { ...rounds, budgetMs: budgetsMs.minuet }), goals.minuet),
  ]);
  const layer = `training step of one layer of 768, ${backend}`;
  await attempt({ name: `${layer}: stock / ours`, unit: "×", goal: goals.layer }, async () => [
    stepRow(layer, await measureStep(openLayer(), batch, { ...rounds, budgetMs: budgetsMs.layer }), goals.layer),
  ]);
}

async function measureWebGpu(): Promise<void> {
  for (const [family, atMost] of [
    ["roberta", 20],
    ["bert", 20],
    ["gpt2", 20],
    ["llama", 26],
  ] as const) {
    await attempt({ name: `dispatches per layer and step, ${family}`, unit: "", goal: { atMost } }, async () =>
      countRows(family, { own: await countDispatches(family, "own"), stock: await countDispatches(family, "stock") }, atMost),
    );
  }
  for (const [name, open] of [
    ["minuet", openMinuet],
    ["one layer of 768", async () => openLayer()],
  ] as const) {
    await attempt({ name: `GPU bytes of the weights, ${name}`, unit: "× packed", goal: { atMost: 1.1 } }, async () => [
      weightRow(name, await measureMemory(await open(), batch)),
    ]);
  }
  await steps("webgpu", { minuet: { atLeast: 5 }, layer: { atLeast: 3 } }, { minuet: 90_000, layer: 60_000 });
  for (const width of [128, 768]) {
    await attempt({ name: `product (${numRows}, ${width}) · (${width}, ${width}): jax-js / ours`, unit: "×" }, async () => [
      productRow(width, numRows, await measureProducts(width, numRows, { minRounds: 5, maxRounds: 31, budgetMs: 6_000 })),
    ]);
  }
  await attempt({ name: "kernels of one layer of 768", unit: "ms" }, measureKernelRows);
}

async function measureKernelRows(): Promise<BenchRow[]> {
  const peaks = await measurePeaks(512, 4000);
  const sizes = { width: 768, intermediate: 3072, numHeads: 12, numKeyValueHeads: 12, ...batch, vocabSize: 512 };
  const encoder = await measureKernels({ ...sizes, encoding: "int8", isGated: false }, peaks, 12_000);
  const gated = await measureKernels({ ...sizes, numKeyValueHeads: 4, intermediate: 2048, encoding: "int4", isGated: true }, peaks, 12_000);
  return [
    {
      ...row("best product", peaks.operationsPerSecond / 1e9, "GFLOP/s"),
      note: "(512, 512) · (512, 512), ours from f32 or int8, or the library's",
    },
    { ...row("sum of two vectors", peaks.bytesPerSecond / 1e9, "GB/s"), note: "4 MB each" },
    ...encoder.map((kernel) => kernelRow("int8", kernel)),
    ...gated.map((kernel) => kernelRow("llama, int4", kernel)),
  ];
}

/** gpt-tfjs trains all its weights, on few words, at the layers and width of our two steps. */
async function measureGptTfjs(backend: string): Promise<void> {
  const shapes = [
    { name: "6 layers of 128", numLayers: 6, hiddenSize: 128, numHeads: 4, numSteps: 3 },
    { name: "one layer of 768", numLayers: 1, hiddenSize: 768, numHeads: 12, numSteps: 1 },
  ];
  for (const { name, numSteps, ...shape } of shapes) {
    const label = `training step of gpt-tfjs, ${name}, ${backend}`;
    await attempt({ name: label, unit: "ms" }, async () => {
      const times = await gptTfjsSteps({ ...shape, vocabSize: 256 }, batch, numSteps);
      return [{ ...row(label, median(times), "ms"), note: `all weights, 256 words; ${times.map(round).join(", ")} ms` }];
    });
  }
}

const [what = "", backend = "cpu"] = process.argv.slice(2);
const wanted = (what === "gptTfjs" || what === "probe" ? backend : what) as BackendName;
if (wanted === "webgpu" && !(await provideNodeGpu())) process.exit(noAdapter);
if (what === "probe") process.exit(0);
const started = await startBackend(wanted, { threads: 1 });
process.send?.({ adapter: started.adapter });
if (what === "webgpu") await measureWebGpu();
if (what === "wasm") await steps("wasm", { minuet: { atLeast: 3 }, layer: { atLeast: 3 } }, { minuet: 15_000, layer: 15_000 });
if (what === "gptTfjs") await measureGptTfjs(wanted);
await new Promise((resolve) => process.send?.({ adapter: started.adapter }, resolve)); // all before it has arrived, too
process.exit(0); // Dawn keeps the process alive
