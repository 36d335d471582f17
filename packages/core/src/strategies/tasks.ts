import { type Params, shapesOf } from "../params.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { Device, ParameterSets, PlannedTask, TaskSpec } from "../task.ts";

/** What a device is asked for, and what it gets for it. */
export interface TaskContent {
  readonly spec: TaskSpec;
  readonly parameterSets: ParameterSets<number>;
  /** What travels back has these names and shapes. */
  readonly shared: Params;
}

/** A device's task with the run's batch size and encoding, and all of its examples. */
export function taskFor({ id, numExamples }: Device, run: RunConditions, { spec, parameterSets, shared }: TaskContent): PlannedTask {
  const { batchSize } = run.training;
  const expects = { shapes: shapesOf(shared), encoding: run.contributionEncoding, batchSize, numExamples };
  return { deviceId: id, spec, parameterSets, expects };
}
