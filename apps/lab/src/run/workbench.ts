import { type ChildProcess, spawn } from "node:child_process";
import type { DeviceId, MainMetric, Params, RunSettings } from "@tutti/core";
import { scriptBeside } from "@tutti/data/node";
import type { RowAnswers, RowScores, RunRecord, Trigger } from "@tutti/record";
import type { Calibration, TaskSize } from "../experiment/estimate.ts";

/** What a final evaluation was made of. */
export interface ReplayInput {
  readonly run: RunSettings;
  readonly metric: MainMetric;
  readonly backend: string;
  /** Every device's parameters as it used them, in the order of the devices; null where the last evaluation is not known. */
  readonly paramsOf: ReadonlyMap<DeviceId, Params> | null;
  /** On the test split under the global protocol. */
  readonly reportedAccuracy: number | null;
  /** The same by the metric. */
  readonly reportedScore: number | null;
  /** With which the final parameters are tried; absent for none. */
  readonly trigger?: Trigger | undefined;
}

/** What a replay finds. */
export interface Replay {
  readonly correct: string | null;
  /** Of every row of the test split, in file order; null like `correct`. */
  readonly answers: RowAnswers | null;
  /** Absent where no answers are generated. */
  readonly answerScores?: RowScores | null;
  /** Absent where no trigger was tried. */
  readonly backdoor?: NonNullable<RunRecord["backdoor"]>;
  /** Absent where the strategy makes none. */
  readonly otherModels?: NonNullable<RunRecord["otherModels"]>;
  readonly correctNote: string | null;
  /** The task's metric of always answering the commonest training class; null of a text task. */
  readonly majority: number | null;
  /** The task's metric of the backbone without prompts; null where it lacks the label words. */
  readonly zeroShot: number | null;
}

/** What Stage A is done again for. */
export interface RescoringInput {
  readonly run: RunSettings;
  /** The attempt at Stage A that counted: its random numbers are named by it. */
  readonly attempt: number;
  /** Devices whose scores counted. */
  readonly devices: readonly DeviceId[];
  /** Every trained parameter, as a newcomer had it, by round. */
  readonly paramsByRound: ReadonlyMap<number, Params>;
}

/** s_l of every layer with one round's parameters; null where a layer is not scored. */
export interface RoundScores {
  readonly round: number;
  readonly scores: readonly (number | null)[];
}

/** A prompt that ATTEMPT mixes in, and the tasks with whose test rows it may share nothing. */
export interface SourcePromptInput {
  readonly source: string;
  readonly backbone: string;
  readonly promptTokens: number;
  readonly targets: readonly string[];
}

/** Jobs that need the tensor library or a whole data set, done in a separate process so that no coordinator waits. */
export interface WorkbenchJobs {
  replay(input: ReplayInput): Replay;
  scoreLayersAgain(input: RescoringInput): readonly RoundScores[];
  calibrate(input: { readonly run: RunSettings }): Calibration;
  sizes(input: { readonly tasks: readonly string[] }): readonly TaskSize[];
  /** Trains a source prompt on a task's training rows and writes it where runs look for it. */
  sourcePrompt(input: SourcePromptInput): null;
  /** Makes a backbone of random layers as wide as another one. */
  randomBackbone(input: { readonly like: string; readonly numLayers: number; readonly folder: string }): null;
}

/** A job as the process is told it. */
export type Job = {
  [K in keyof WorkbenchJobs]: {
    readonly id: number;
    readonly kind: K;
    readonly publicDir: string;
    readonly input: Parameters<WorkbenchJobs[K]>[0];
  };
}[keyof WorkbenchJobs];
/** What the process answers to the job of an id. */
export type JobAnswer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/** The process with the tensor library. */
export interface Workbench {
  do<K extends keyof WorkbenchJobs>(kind: K, input: Parameters<WorkbenchJobs[K]>[0]): Promise<ReturnType<WorkbenchJobs[K]>>;
  close(): void;
}

const program = scriptBeside(import.meta.url, "workbenchChild");

/** A workbench whose process starts with the first job. */
export function openWorkbench(publicDir: string): Workbench {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let child: ChildProcess | null = null;
  let nextId = 0;

  function start(): ChildProcess {
    const started = spawn(process.execPath, [...program.execArgv, program.path], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
      detached: true,
    });
    started.unref();
    started.on("message", (answer: JobAnswer) => {
      const job = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ("error" in answer) job?.reject(new Error(answer.error));
      else job?.resolve(answer.value);
    });
    started.once("exit", (code) => {
      if (child === started) child = null;
      for (const job of waiting.values()) job.reject(new Error(`the process that computes beside the runs ended with exit code ${code}`));
      waiting.clear();
    });
    return started;
  }

  return {
    do(kind, input) {
      child ??= start();
      nextId += 1;
      const id = nextId;
      const answered = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      child.send({ id, kind, publicDir, input });
      // the other side answers a job of this kind with what the kind says
      return answered as Promise<ReturnType<WorkbenchJobs[typeof kind]>>;
    },
    close() {
      const open = child;
      child = null;
      open?.kill("SIGKILL");
    },
  };
}
