import { type DeviceId, type Params, type PlannedTask, pickNames, type RunSettings, shapesOf, type TaskSpec } from "@tutti/core";

type TrainSpec = Extract<TaskSpec, { readonly kind: "train" }>;

/** A task as coordinators of protocol 3 journalled it: a field for each set of parameters, the rest left to the run's settings. */
export interface OlderTask {
  readonly deviceId: DeviceId;
  readonly spec: Exclude<TaskSpec, TrainSpec> | OlderTrainSpec;
  readonly params: number;
  readonly initial?: number;
  readonly correction?: number;
}

interface OlderTrainSpec extends Omit<TrainSpec, "epochs"> {
  readonly sharedNames: readonly string[];
  /** In place of the run's. */
  readonly epochs?: number;
}

/** What an older task leaves unsaid. */
export interface PlanSurroundings {
  readonly run: RunSettings;
  /** The step's payloads, decoded. */
  readonly payloads: readonly Params[];
  /** n_i as it was registered. */
  numExamples(deviceId: DeviceId): number;
}

/** The task in today's form, whichever form it was journalled in. */
export function readTask(task: PlannedTask | OlderTask, { run, payloads, numExamples }: PlanSurroundings): PlannedTask {
  if ("expects" in task) return task;
  const { deviceId, spec, params, initial, correction } = task;
  const sharedNames = spec.kind === "train" ? spec.sharedNames : [];
  const { contributionEncoding: encoding, training } = run;
  return {
    deviceId,
    spec: spec.kind === "train" ? readTrainSpec(spec, run) : spec,
    parameterSets: {
      global: params,
      ...(initial === undefined ? {} : { initial }),
      ...(correction === undefined ? {} : { correction }),
    },
    expects: {
      shapes: shapesOf(pickNames(payloads[params] ?? {}, sharedNames)),
      encoding,
      batchSize: training.batchSize,
      numExamples: numExamples(deviceId),
    },
  };
}

function readTrainSpec({ kind, warmupSteps, isPersonalised, epochs }: OlderTrainSpec, { training }: RunSettings): TrainSpec {
  return { kind, warmupSteps, epochs: epochs ?? training.localEpochs, isPersonalised };
}
