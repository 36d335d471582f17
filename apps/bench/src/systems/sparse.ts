import {
  createRandom,
  createStrategy,
  numSparse,
  type Params,
  presets,
  type RunSettings,
  type StrategyState,
  strategies,
  zeros,
} from "@tutti/core";
import { startBackend } from "@tutti/model";
import { measureSparseStep, randomBackbone } from "@tutti/model/bench";
import { encodeParams } from "@tutti/protocol";
import { type BenchRow, median, row, timeMs } from "../rows.ts";

const density = 0.01;
const lora = { method: "lora", rank: 8, alpha: 16, head: "labelWords" } as const;

/** What SLoRA's first stage sends, what its switch takes on the server, and what its steps take beside LoRA's. */
export async function sparseRows(isQuick: boolean): Promise<BenchRow[]> {
  const [f32, f16] = (["f32", "f16"] as const).map((encoding) => encodeParams(gpt2Elements(), encoding).length / 1e6);
  return [
    {
      ...row("SLoRA, sparse round one way, GPT-2 small", f32 ?? 0, "MB", { atMost: 4.98 }),
      note: "1 % of the six matrices of 12 layers in f32; 1 % of all weights are 4.98 MB",
    },
    { ...row("SLoRA, the same in f16", f16 ?? 0, "MB", { atMost: 2.5 }), note: "the mask never travels" },
    { ...row("SLoRA, the switch on minuet", median(await timeMs(isQuick ? 1 : 3, switching())), "ms"), note: "12 SVDs of 128 × 128" },
    ...(await stepRows(isQuick)),
  ];
}

/** Elements of the matrices of 12 layers of 768, each with its own share. */
function gpt2Elements(): Params {
  const sizes = { query: 768 ** 2, key: 768 ** 2, value: 768 ** 2, output: 768 ** 2, up: 4 * 768 ** 2, down: 4 * 768 ** 2 };
  const layers = Array.from({ length: 12 }, (_, layer) =>
    Object.entries(sizes).map(([name, size]) => [`sparse/${layer}/${name}`, zeros([numSparse(size, density)])] as const),
  );
  return Object.fromEntries(layers.flat());
}

/** The step in which a run's elements become factors. */
function switching(): () => StrategyState {
  const run: RunSettings = {
    ...presets.default,
    numDevices: 4,
    minDevices: 4,
    cohortSize: 4,
    tuning: { ...lora, promptDropout: 0, positionsAfterPrefix: false, lossOver: "labelWords" },
    strategy: { ...strategies.sLora.defaults, sparseRounds: 1, density },
  };
  const matrices = Array.from({ length: 6 }, (_, layer) => ["query", "value"].map((name) => `lora/${layer}/${name}`));
  const initial = Object.fromEntries(
    matrices.flat().flatMap((name) => [[`${name}/a`, zeros([8, 128])] as const, [`${name}/b`, zeros([128, 8])] as const]),
  );
  const layerNames = matrices.map((names) => names.flatMap((name) => [`${name}/a`, `${name}/b`]));
  const strategy = createStrategy(run);
  const state = strategy.init(run, { numLayers: 6, layerNames, alwaysShared: [] }, initial);
  const roster = [0, 1, 2, 3].map((id) => ({ id, numExamples: 10, isConnected: true }));
  const plan = strategy.plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("SLoRA plans no round here");
  const contributions = plan.tasks.map(({ deviceId, expects }) => {
    const random = createRandom(1).stream({ device: deviceId, purpose: "bench" });
    const delta = Object.fromEntries(
      Object.entries(expects.shapes).map(([name, shape]) => [name, { shape, data: zeros(shape).data.map(() => random.normal()) }]),
    );
    return { deviceId, numExamples: 10, body: { kind: "train", delta, numSteps: 1, firstLoss: 1, lastLoss: 1 } } as const;
  });
  return () => strategy.aggregate(state, plan, contributions);
}

async function stepRows(isQuick: boolean): Promise<BenchRow[]> {
  await startBackend("wasm", { threads: 1 });
  const shape = {
    family: "roberta",
    hiddenSize: 128,
    intermediateSize: 512,
    numLayers: 6,
    numHeads: 4,
    numKeyValueHeads: 4,
    vocabSize: 512,
  } as const;
  const numRounds = isQuick ? 2 : 12;
  const options = { density, minRounds: numRounds, maxRounds: numRounds, budgetMs: 0 };
  const measured = await measureSparseStep(randomBackbone(shape, "int8"), { numTexts: 8, numTokens: 32 }, lora, options);
  const { timesLora, sparseMs, loraMs, peakBytes } = measured;
  const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    {
      ...row("SLoRA, a sparse step / one of LoRA, wasm", timesLora, "×"),
      note: `query and value, of minuet's shape: ${sparseMs.toFixed(1)} and ${loraMs.toFixed(1)} ms`,
    },
    {
      ...row("SLoRA, most memory of a sparse step / of full fine-tuning", peakBytes.sparse / peakBytes.full, "×", { atMost: 1 }),
      note: `${mega(peakBytes.sparse)}, ${mega(peakBytes.full)}; LoRA ${mega(peakBytes.lora)}`,
    },
  ];
}
