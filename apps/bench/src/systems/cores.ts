import {
  createRandom,
  createStrategy,
  initialParams,
  type Params,
  presets,
  type RoundPlan,
  type RunSettings,
  strategies,
  taskParams,
  tunedEntries,
  tunedShape,
  tunings,
  zeros,
} from "@tutti/core";
import { encodeParams } from "@tutti/protocol";
import { type BenchRow, median, row, timeMs } from "../rows.ts";

const numDevices = 10;
const gpt2 = { numLayers: 12, hiddenSize: 768, keyValueWidth: 768 };
const common = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" } as const;
const train = { ...tunings.tensorTrain.defaults, ...common };
const lora = { ...tunings.lora.defaults, ...common };
const roster = Array.from({ length: numDevices }, (_, id) => ({ id, numExamples: 40, isConnected: true }));

/** What rounds of FedTT and FedTT+ send of GPT-2 small with LoRETTA's sizes, in f32, beside LoRA, and what the server's step takes. */
export async function coreRows(): Promise<BenchRow[]> {
  const all = playedTo(2, "all");
  const one = playedTo(4, "one");
  const whole = playedTo(4, "one", true);
  const loraBytes = encodeParams(initialParams(tunedEntries(gpt2, lora, null), createRandom(1)), "f32").length;
  const serverMs = median(await timeMs(5, () => createStrategy(all.run).aggregate(all.state, all.plan, answered(all.plan))));
  return [
    {
      ...row("FedTT, up for a device and round", all.up / 1000, "kB", { atMost: 150 }),
      note: "33,600 values of GPT-2 small in f32; 11 kB are names and shapes",
    },
    { ...row("FedTT+, up for a device and round", one.up / 1000, "kB", { atMost: 42 }), note: "a middle core of each of 48 matrices" },
    {
      ...row("FedTT+, down for a device that took part in the round before", one.down / 1000, "kB", { atMost: 42 }),
      note: "the cores that moved then",
    },
    { ...row("FedTT+, down for a device that has nothing", whole.down / 1000, "kB", { atMost: 150 }), note: "all cores" },
    { ...row("LoRA of rank 8 beside q and v, over FedTT, up", loraBytes / all.up, "×"), note: "the publication says up to 10 times less" },
    {
      ...row("LoRA of rank 8 beside q and v, over FedTT+, up", loraBytes / one.up, "×", { atLeast: 10 }),
      note: "the publication says up to 10 times less",
    },
    { ...row("FedTT, the server's step", serverMs, "ms"), note: "10 devices" },
  ];
}

/** A round's plan, with the bytes of what a device sends back and of what it fetches: of the sets of the round before nothing again, unless it `isNew`. */
function playedTo(round: number, moving: "all" | "one", isNew = false) {
  const run: RunSettings = {
    ...presets.default,
    numDevices,
    minDevices: numDevices,
    cohortSize: numDevices,
    evaluateEvery: presets.default.numRounds,
    tuning: train,
    strategy: { ...strategies.fedTt.defaults, moving },
    paramsEncoding: "f32",
    contributionEncoding: "f32",
  };
  const entries = tunedEntries(gpt2, train, null);
  const strategy = createStrategy(run);
  let state = strategy.init(run, tunedShape(entries), initialParams(entries, createRandom(1)));
  let plan = planned(run, state);
  const here = new Set<string>();
  for (let at = 1; at < round; at++) {
    if (!isNew) for (const blob of blobsOf(plan)) here.add(blob.content);
    state = strategy.aggregate(state, plan, answered(plan));
    plan = planned(run, state);
  }
  const down = blobsOf(plan).reduce((sum, { content, numBytes }) => sum + (here.has(content) ? 0 : numBytes), 0);
  return { run, state, plan, down, up: encodeParams(changeOf(plan), "f32").length };
}

function planned(run: RunSettings, state: ReturnType<ReturnType<typeof createStrategy>["init"]>): RoundPlan {
  const plan = createStrategy(run).plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("FedTT plans no round here");
  return plan;
}

/** A round's sets as they travel, each with what tells it from others. */
function blobsOf(plan: RoundPlan): { readonly content: string; readonly numBytes: number }[] {
  const [task] = plan.tasks;
  if (task === undefined) throw new Error("a plan without tasks");
  return Object.values(taskParams(plan, task)).map((params) => {
    const bytes = encodeParams(params, "f32");
    return { content: Buffer.from(bytes).toString("latin1"), numBytes: bytes.length };
  });
}

function changeOf({ tasks: [task] }: RoundPlan): Params {
  return Object.fromEntries(
    Object.entries(task?.expects.shapes ?? {}).map(([name, shape]) => {
      const { data } = zeros(shape);
      return [name, { shape, data: data.map((_, i) => 0.01 * (i + 1)) }];
    }),
  );
}

function answered(plan: RoundPlan) {
  const delta = changeOf(plan);
  return plan.tasks.map(({ deviceId }) => {
    return { deviceId, numExamples: 40, body: { kind: "train", delta, numSteps: 5, firstLoss: 1, lastLoss: 0.5 } } as const;
  });
}
