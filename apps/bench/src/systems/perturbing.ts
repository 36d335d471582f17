import {
  type Contribution,
  createRandom,
  createStrategy,
  moveAtOnce,
  type PlannedTask,
  presets,
  type RoundPlan,
  type RunSettings,
  scalars,
  seedPool,
  strategies,
  taskParams,
  tunings,
} from "@tutti/core";
import { encodeParams } from "@tutti/protocol";
import { type BenchRow, median, row, timeMs } from "../rows.ts";

const numDevices = 6;
/** Of minuet's layers. */
const numWeights = 1_189_632;
/** Seeds that are replayed at a time to time one. */
const numTimed = 64;

const run: RunSettings = {
  ...presets.default,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices,
  tuning: { ...tunings.full.defaults, promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" },
  strategy: strategies.fedKSeed.defaults,
};
const { numSeeds, numSteps } = strategies.fedKSeed.defaults;

const roster = Array.from({ length: numDevices }, (_, id) => ({ id, numExamples: 40, isConnected: true }));

/** What a round of FedKSeed sends, by the publication's number of seeds and steps, and what replaying seeds over all weights of minuet's layers takes. */
export async function perturbationRows(): Promise<BenchRow[]> {
  const strategy = createStrategy(run);
  const initial = { "full/weights": { shape: [numWeights], data: new Float32Array(numWeights) } };
  const start = strategy.init(run, { numLayers: 0, layerNames: [], alwaysShared: ["full/weights"] }, initial);
  const first = planned(start);
  const contributions = first.tasks.map(answered);
  const next = strategy.aggregate(start, first, contributions);
  const later = planned(next);
  const [task] = later.tasks;
  const { changed = {} } = taskParams(later, task as PlannedTask);
  const delta = contributions[0]?.body.kind === "perturb" ? contributions[0].body.delta : {};
  const header = { kind: "perturb", numSkipped: 0, firstLoss: 1.2345, lastLoss: 1.1234 };
  const up = encodeParams(delta, run.contributionEncoding).length + JSON.stringify({ taskId: "0".repeat(32), deviceId: 9, header }).length;
  const down = encodeParams(changed, "f32").length + JSON.stringify(task?.spec).length;
  const numChanged = changed.values?.data.length ?? 0;
  const serverMs = median(await timeMs(5, () => strategy.aggregate(start, first, contributions)));
  const seeds = [...seedPool(createRandom(1), numTimed)].map((seed) => ({ seed, amount: 2 ** -12 }));
  const params = { weights: { shape: [numWeights], data: new Float32Array(numWeights) } };
  const seedMs = median(await timeMs(3, () => moveAtOnce(params, seeds))) / numTimed;
  return [
    {
      ...row("FedKSeed, up for a device and round", up / 1000, "kB", { atMost: 1.2 }),
      note: `${numSteps} scalars in f16; the publication counts 1.6 kB of scalars and seeds`,
    },
    {
      ...row("FedKSeed, down for a device and round", down / 1000, "kB", { atMost: 7.2 }),
      note: `${numChanged} of ${numSeeds} accumulators changed, and the seeds of ${numSteps} steps; the publication counts 16.4 kB`,
    },
    {
      ...row("FedKSeed, up and down for a newcomer", (up + 4 * (numSeeds + Math.ceil(numSeeds / 24))) / 1000, "kB", { atMost: 18 }),
      note: `all ${numSeeds} accumulators, for any number of parameters`,
    },
    { ...row("FedKSeed, the server's step", serverMs, "ms"), note: `${numDevices} devices, ${numSteps} steps each` },
    { ...row("FedKSeed, replaying a round over minuet's weights", seedMs * numChanged, "ms"), note: `${numChanged} seeds, on the CPU` },
    {
      ...row("FedKSeed, a newcomer's replay over minuet's weights", (seedMs * numSeeds) / 1000, "s"),
      note: `${numSeeds} seeds, which is the most; from the time of ${numTimed} on the CPU`,
    },
  ];
}

function planned(state: ReturnType<ReturnType<typeof createStrategy>["init"]>): RoundPlan {
  const plan = createStrategy(run).plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("FedKSeed plans no round here");
  return plan;
}

function answered({ deviceId, expects }: PlannedTask): Contribution {
  const normals = createRandom(deviceId).stream({ purpose: "scalars" });
  const data = Float32Array.from({ length: expects.shapes[scalars]?.[0] ?? 0 }, () => 3 * normals.normal());
  const delta = { [scalars]: { shape: [data.length], data } };
  return { deviceId, numExamples: 40, body: { kind: "perturb", delta, numSkipped: 0, firstLoss: 1.5, lastLoss: 1.25 } };
}
