import { type CurrentTask, joinRun, memoryStore } from "@tutti/client";
import { type ContributionBody, type Params, sizeOf, taskSteps } from "@tutti/core";
import type { Trainer, TrainerTask } from "@tutti/model";

const numLayers = 6;
const layerNames = Array.from({ length: numLayers }, (_, layer) => `prefix/${layer}`);

/** A body of the right form that costs nothing to compute. */
function bodyFor({ spec, expects }: TrainerTask): ContributionBody {
  if (spec.kind === "evaluate") {
    const confusion = Array.from({ length: 4 }, (_, row) => Array.from({ length: 4 }, (_, column) => (row === column ? 1 : 0)));
    return {
      kind: "evaluate",
      results: spec.protocols.flatMap((protocol) => spec.splits.map((split) => ({ protocol, split, confusion, lossSum: 1 }))),
    };
  }
  if (spec.kind !== "train") throw new Error(`the benchmark has no ${spec.kind} tasks`);
  const delta: Record<string, Params[string]> = {};
  for (const [name, shape] of Object.entries(expects.shapes)) {
    delta[name] = { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i % 17) - 8) / 1000) };
  }
  const numSteps = taskSteps(spec, expects);
  return { kind: "train", delta, numSteps, firstLoss: 1, lastLoss: 0.9 };
}

/** A trainer that computes nothing. */
function idleTrainer(numExamples: number): Trainer {
  return {
    start: async () => ({
      backend: "cpu",
      threads: 1,
      reason: "computes nothing",
      kernels: "plain",
      admission: { isPassed: true, worstError: 0, detail: "" },
      shape: { numLayers, layerNames: layerNames.map((name) => [name]), alwaysShared: ["head/bias", "head/weight"] },
    }),
    addDevice: async () => ({ numExamples }),
    compute: async (task, state) => ({ body: bodyFor(task), state }),
    stop: async () => undefined,
  };
}

const stepOf = ({ stage, round, kind }: CurrentTask) => `${stage} ${round} ${kind}`;

/**
 * Joins with so many devices from this process, and prints, for each step, the milliseconds from the moment the last contribution
 * of the step before was handed to the socket to the arrival of the first task: an upper bound of what the coordinator takes.
 */
async function main(url: string, numDevices: number): Promise<void> {
  let step = "";
  let lastSentMs = Number.NaN;
  const sessions = Array.from({ length: numDevices }, (_, index) =>
    joinRun({
      url,
      clientKey: `bench-${String(index).padStart(20, "0")}`,
      trainer: idleTrainer(20 + (index % 7)),
      store: memoryStore(),
      socketOptions: { transports: ["websocket"] },
      onEvent(event) {
        if (event.kind === "traffic") lastSentMs = performance.now();
        if (event.kind !== "taskStarted" || stepOf(event.task) === step) return;
        if (step !== "") process.stdout.write(`${performance.now() - lastSentMs}\n`);
        step = stepOf(event.task);
      },
    }),
  );
  await Promise.all(sessions.map(({ whenEnded }) => whenEnded));
}

await main(process.argv[2] ?? "", Number(process.argv[3]));
process.exit(0);
