import { type Contribution, createRandom, createStrategy, type DeviceId, type Params, type TunedShape } from "@tutti/core";
import { createTrainer, type Trainer, trainerTask } from "@tutti/model";
import { fetchFile, localUrls } from "@tutti/model/node";
import type { RescoringInput, RoundScores } from "./workbench.ts";

/**
 * Stage A once more for each set of parameters: the run's own strategy plans and weighs it, and the trainer does its devices' tasks with the same
 * batches and the same random numbers, so that nothing but the parameters differs.
 */
export async function scoreLayersAgain(
  { run, attempt, devices, paramsByRound }: RescoringInput,
  publicDir: string,
): Promise<RoundScores[]> {
  const trainer = createTrainer({ fetch: fetchFile });
  try {
    const { shape } = await trainer.start({ run, ...localUrls(publicDir, run), backend: "wasm", threads: 1 }, () => undefined);
    const numExamples = new Map<DeviceId, number>();
    for (const id of devices) numExamples.set(id, (await trainer.addDevice(id, { kind: "share", index: id })).numExamples);
    const result: RoundScores[] = [];
    for (const [round, params] of paramsByRound) {
      result.push({ round, scores: await scoresWith(params, trainer, { run, attempt, shape, numExamples }) });
    }
    return result;
  } finally {
    await trainer.stop();
  }
}

interface StageA extends Pick<RescoringInput, "run" | "attempt"> {
  readonly shape: TunedShape;
  /** n_i of the devices that count. */
  readonly numExamples: ReadonlyMap<DeviceId, number>;
}

async function scoresWith(params: Params, trainer: Trainer, { run, attempt, shape, numExamples }: StageA): Promise<RoundScores["scores"]> {
  const strategy = createStrategy(run);
  const start = strategy.init(run, shape, params);
  const roster = Array.from({ length: run.numDevices }, (_, id) => ({ id, numExamples: numExamples.get(id) ?? 0, isConnected: true }));
  const plan = strategy.plan(start, roster, createRandom(run.seed), attempt);
  if (!("tasks" in plan) || plan.stage !== "score") throw new Error(`strategy ${run.strategy.name} does not begin by scoring layers`);
  const contributions: Contribution[] = [];
  for (const task of plan.tasks) {
    const { deviceId } = task;
    const count = numExamples.get(deviceId);
    if (count === undefined) continue;
    const { body } = await trainer.compute(trainerTask(plan, task), null);
    contributions.push({ deviceId, numExamples: count, body });
  }
  return strategy.summary(strategy.aggregate(start, plan, contributions)).layerScores ?? [];
}
