import {
  type Contribution,
  createRandom,
  createStrategy,
  presets,
  promptParams,
  type RoundPlan,
  type RunSettings,
  strategies,
  taskParams,
  tunings,
} from "@tutti/core";
import { encodeParams, headerOf } from "@tutti/protocol";
import { type BenchRow, median, row, timeMs } from "../rows.ts";

const [mostTokens, numDevices, width] = [150, 10, 768];

const run: RunSettings = {
  ...presets.default,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices,
  tuning: {
    ...tunings.discretePrompt.defaults,
    promptTokens: mostTokens,
    promptDropout: 0,
    positionsAfterPrefix: true,
    head: "labelWords",
    lossOver: "labelWords",
  },
  strategy: strategies.fedDtpt.defaults,
};

const roster = Array.from({ length: numDevices }, (_, id) => ({ id, numExamples: 40, isConnected: true }));

/** What a round of FedDTPT sends, with prompts as long as published, and the server's step; what edits take is forward passes. */
export async function editRows(): Promise<BenchRow[]> {
  const strategy = createStrategy(run);
  const start = strategy.init(run, { numLayers: 0, layerNames: [], alwaysShared: ["tokens"] }, promptParams(tokensOf(0), mostTokens));
  const plan = planned(start);
  const contributions = plan.tasks.map(({ deviceId }) => edited(deviceId));
  const up = JSON.stringify({ taskId: "0".repeat(32), deviceId: 9, header: headerOf(edited(9).body) }).length;
  const [task] = plan.tasks;
  const down = encodeParams(task === undefined ? {} : (taskParams(plan, task).global ?? {}), run.paramsEncoding).length;
  const serverMs = median(await timeMs(3, () => strategy.aggregate(start, plan, contributions)));
  const short = encodeParams(promptParams([], 16), run.paramsEncoding).length;
  return [
    {
      ...row("FedDTPT, up for a device and round", up / 1000, "kB", { atMost: 1.2 }),
      note: "150 token ids as JSON; 0.6 kB at four bytes each",
    },
    {
      ...row("FedDTPT, down for a device and round", down / 1000, "kB", { atMost: 1.2 }),
      note: "150 token ids in two digits of f16 each, before the lease",
    },
    { ...row("FedDTPT, the server's step", serverMs, "ms"), note: `10 prompts of 150 tokens, ${width} values for each embedding` },
    {
      ...row("FedDTPT, down for a prompt of 16 tokens", short / 1000, "kB"),
      note: "as runs have it by default",
    },
  ];
}

function planned(state: ReturnType<ReturnType<typeof createStrategy>["init"]>): RoundPlan {
  const plan = createStrategy(run).plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("FedDTPT plans no round here");
  return plan;
}

/** A prompt that has a tenth of its tokens to itself. */
function tokensOf(deviceId: number): number[] {
  return Array.from({ length: mostTokens }, (_, at) => (at * 331 + (at % 10 === 0 ? 7 * deviceId : 0)) % 50_000);
}

function edited(deviceId: number): Contribution {
  const tokens = tokensOf(deviceId);
  const data = new Float32Array(tokens.length * width);
  tokens.forEach((id, at) => {
    for (let i = 0; i < width; i++) data[at * width + i] = ((id * 7919 + i * 40_503) % 1009) / 504 - 1; // far from each other, alike for one id
  });
  const words = { rows: { shape: [tokens.length, width], data }, texts: tokens.map((id) => ` ${id}`) };
  return { deviceId, numExamples: 40, body: { kind: "edit", tokens, accuracy: 0.5, words } };
}
