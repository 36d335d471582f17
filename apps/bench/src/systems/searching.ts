import {
  type Contribution,
  createRandom,
  createSearchReplica,
  createStrategy,
  type PlannedTask,
  presets,
  type RoundPlan,
  type RunSettings,
  type SearchSpec,
  type SearchState,
  searchLocally,
  strategies,
  taskParams,
  tunings,
} from "@tutti/core";
import { encodeParams } from "@tutti/protocol";
import { type BenchRow, median, row, timeMs } from "../rows.ts";

const [size, numDevices] = [500, 10];

const run: RunSettings = {
  ...presets.default,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices,
  tuning: {
    ...tunings.projectedPrompt.defaults,
    dimension: size,
    promptDropout: 0,
    positionsAfterPrefix: false,
    head: "labelWords",
    lossOver: "labelWords",
  },
  strategy: strategies.fedBpt.defaults,
};

const roster = Array.from({ length: numDevices }, (_, id) => ({ id, numExamples: 40, isConnected: true }));

/** What a round of FedBPT sends, by the publication's size, and what its arithmetic takes beside the forward passes. */
export async function searchRows(): Promise<BenchRow[]> {
  const { state, plan, contributions, search } = await secondRound();
  const strategy = createStrategy(run);
  const next = strategy.aggregate(state, plan, contributions);
  const later = planned(next);
  const { told = {}, search: whole = {} } = taskParams(later, later.tasks[0] as PlannedTask);
  const [first] = contributions;
  const { delta, ...header } = bodyOf(first);
  const up = encodeParams(delta, run.contributionEncoding).length + JSON.stringify({ taskId: "0".repeat(32), deviceId: 9, header }).length;
  const [down, newcomer] = [told, whole].map((params) => encodeParams(params, "f32").length);
  const serverMs = median(await timeMs(5, () => strategy.aggregate(state, plan, contributions)));
  const replayMs = median(await timeMs(5, () => createSearchReplica().follow(searchTaskOf(later), { search: whole })));
  const localMs = median(await timeMs(3, () => searched(search, 7)));
  const numPoints = 5 * 8 + 1;
  return [
    {
      ...row("FedBPT, up for a device and round", (up ?? 0) / 1000, "kB", { atMost: 2.2 }),
      note: "500 coordinates in f16; the publication counts 4 kB both ways",
    },
    {
      ...row("FedBPT, down for a device and round", (down ?? 0) / 1000, "kB", { atMost: 23 }),
      note: "10 devices' moves of one round, in f32, before the answer is compressed",
    },
    { ...row("FedBPT, the whole search for who missed more", (newcomer ?? 0) / 1000, "kB"), note: "a whole covariance" },
    { ...row("FedBPT, the server's step", serverMs, "ms"), note: "10 devices, 500 coordinates" },
    { ...row("FedBPT, a client takes over the search", replayMs, "ms"), note: "and checks its digest" },
    { ...row("FedBPT, drawing and learning of a point", localMs / numPoints, "ms"), note: "beside its forward passes" },
  ];
}

function planned(state: ReturnType<ReturnType<typeof createStrategy>["init"]>): RoundPlan {
  const plan = createStrategy(run).plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("FedBPT plans no round here");
  return plan;
}

function searchTaskOf({ round, tasks: [task] }: RoundPlan) {
  return { round, size, spec: task?.spec as SearchSpec };
}

function bodyOf(contribution: Contribution | undefined) {
  if (contribution?.body.kind !== "search") throw new Error("expected a search's contribution");
  return contribution.body;
}

/** A local search of the sphere around 1. */
function searched(search: SearchState, seed: number) {
  return searchLocally(search, {
    numIterations: 8,
    populationSize: 5,
    random: createRandom(seed).stream({ purpose: "points" }),
    evaluate: async (z) => z.reduce((sum, value) => sum + (value - 1) ** 2, 0),
  });
}

/** A run in its second round, with what its devices answer. */
async function secondRound() {
  const strategy = createStrategy(run);
  const initial = { z: { shape: [size], data: new Float32Array(size) } };
  const start = strategy.init(run, { numLayers: 0, layerNames: [], alwaysShared: ["z"] }, initial);
  const first = planned(start);
  const state = strategy.aggregate(start, first, await answered(first, createSearchReplica().follow(searchTaskOf(first), {})));
  const plan = planned(state);
  const sets = taskParams(plan, plan.tasks[0] as PlannedTask);
  const search = createSearchReplica().follow(searchTaskOf(plan), sets);
  return { state, plan, search, contributions: await answered(plan, search) };
}

function answered({ tasks }: RoundPlan, search: SearchState): Promise<Contribution[]> {
  return Promise.all(
    tasks.map(async ({ deviceId }) => {
      const { displacement, fitness, stepSize } = await searched(search, deviceId);
      const delta = { z: { shape: [size], data: Float32Array.from(displacement) } };
      return { deviceId, numExamples: 40, body: { kind: "search", delta, fitness, stepSize } } as const;
    }),
  );
}
