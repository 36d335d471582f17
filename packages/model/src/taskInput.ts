import { type ContributionBody, type DeviceState, frozenOf, type Params, type RandomStream, residualOf, type TaskSpec } from "@tutti/core";
import type { AnyExample, NamedRows } from "./reader.ts";
import type { StepProgress, TrainerTask } from "./trainer.ts";
import type { DeviceExamples, Workplace } from "./workplace.ts";

/** One task for one device, with everything it may read. */
export interface TaskInput<S extends TaskSpec = TaskSpec> {
  readonly place: Workplace<AnyExample>;
  readonly examples: DeviceExamples<AnyExample>;
  readonly task: TrainerTask & { readonly spec: S };
  readonly state: DeviceState | null;
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The spec of a kind of task. */
export type Spec<K extends TaskSpec["kind"]> = Extract<TaskSpec, { kind: K }>;
/** What a device sends back for a kind of task. */
export type Body<K extends ContributionBody["kind"]> = Extract<ContributionBody, { kind: K }>;

/** W, where anything of it travels, and what is frozen beside it, the residual too. */
export function globalOf({ parameterSets }: TrainerTask): Params {
  return { ...parameterSets.global, ...frozenOf(parameterSets), ...residualOf(parameterSets) };
}

export function trainingRows({ train }: DeviceExamples<AnyExample>): NamedRows<AnyExample> {
  return { name: "training examples", rows: train };
}

export function stream(place: Workplace<AnyExample>, task: TrainerTask, purpose: string): RandomStream {
  return place.random.stream(streamName(task, purpose));
}

export function streamName({ stage, round, attempt, deviceId, spec }: TrainerTask, purpose: string) {
  return { stage, round, attempt, device: deviceId, purpose: `${spec.kind}/${purpose}` };
}
