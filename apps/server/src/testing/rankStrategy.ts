import { type Device, type Params, type PlannedTask, type Strategy, shapesOf, type TaskExpectation } from "@tutti/core";

/** What one device is asked for. */
export interface Rank extends Pick<TaskExpectation, "encoding" | "batchSize" | "numExamples"> {
  readonly rank: number;
  readonly epochs: number;
}

/** Low-rank factors of rank r, of shapes (r, 2) and (3, r). */
export function factorsOf(rank: number, value: number): Params {
  const filled = (shape: readonly number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value) });
  return { "lora/down": filled([rank, 2]), "lora/up": filled([3, rank]) };
}

/** One round in which device i trains what `ranks[i]` says: a rank, batches, examples and an encoding unlike the others'. */
export function rankStrategy(ranks: readonly Rank[]): Strategy {
  const rankOf = ({ id }: Device): Rank => {
    const rank = ranks[id];
    if (rank === undefined) throw new Error(`device ${id}: there are ${ranks.length} ranks`);
    return rank;
  };
  const numDevices = ranks.length;
  const place = { stage: "train", round: 1, step: 1 } as const;
  const specOf = (epochs: number) => ({ kind: "train", warmupSteps: 0, epochs, isPersonalised: false }) as const;

  function taskOf(device: Device, index: number): PlannedTask {
    const { rank, epochs, ...expects } = rankOf(device);
    const shapes = shapesOf(factorsOf(rank, 0));
    return { deviceId: device.id, spec: specOf(epochs), parameterSets: { global: index }, expects: { shapes, ...expects } };
  }

  return {
    schedule: () => [{ ...place, spec: specOf(1), numDevices, isFineTuning: false }],
    init: () => ({ values: { isDone: false }, tensors: {} }),
    plan(state, roster) {
      if (state.values.isDone === true) return { done: true };
      if (roster.length < numDevices) return { waiting: `${roster.length} of ${numDevices} devices have registered` };
      const payloads = roster.map((device) => factorsOf(rankOf(device).rank, device.id + 1));
      return { ...place, attempt: 1, payloads, tasks: roster.map(taskOf), deadlineMs: null, quorum: 1, numDevices };
    },
    aggregate: (_state, _plan, contributions) => ({
      values: { isDone: true, weights: contributions.map(({ numExamples }) => numExamples) },
      tensors: Object.fromEntries(
        contributions.flatMap(({ deviceId, body }) =>
          body.kind === "train" ? Object.entries(body.delta).map(([name, tensor]) => [`${deviceId}/${name}`, tensor]) : [],
        ),
      ),
    }),
    globalParams: (state) => state.tensors,
    newcomerParams: (state) => state.tensors,
    summary: ({ values }) => ({
      ...place,
      isDone: values.isDone === true,
      numRounds: 1,
      layerScores: null,
      probes: [],
      keepFraction: null,
      selectedLayers: null,
      sharedNames: null,
      serverLearningRate: null,
      evaluations: [],
    }),
  };
}
