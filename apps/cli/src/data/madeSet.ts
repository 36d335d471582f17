import type { Metric, TextMetric } from "@tutti/core";
import type { Parts, SourceParts, TaskDefinition } from "@tutti/data";
import { UsageError } from "../exitCodes.ts";
import type { SourceSplits } from "./read.ts";

/** What is drawn of a data set is drawn once for all runs. */
export const seed = 42;

/** A task with its rows, ready to be written. */
export interface MadeSet<E> {
  readonly task: TaskDefinition;
  readonly parts: Parts<E>;
  readonly notes: readonly string[];
  /** Names of the classes, or of a text task's groups. */
  readonly groups: readonly string[];
  readonly groupOf: (example: E) => number | undefined;
  /** As the files hold it. */
  readonly rowOf: (example: E) => object;
  /** Says where the training part is not the whole one, by its number of rows. */
  readonly partialNote: (numTrain: number) => string | null;
}

/** What a classification task can be judged by. */
export const classMetrics: readonly Metric[] = ["accuracy", "macroF1", "matthews", "meanOfAccuracyAndF1"];

/** What a text task can be judged by. */
export const textMetrics: readonly TextMetric[] = ["perplexity", "tokenAccuracy", "exactMatch", "rougeL"];

/** The metric, if tasks of this kind can be judged by it. */
export function metricOf<M extends string>(known: readonly M[], metric: string, kind: string): M {
  const found = known.find((name) => name === metric);
  if (found !== undefined) return found;
  throw new UsageError(`--metric ${metric} does not judge a ${kind} task: choose one of ${known.join(", ")}`);
}

/** The parts of a source as tasks are made of them. */
export function partsOf({ train, validation, test }: SourceSplits): SourceParts {
  return { train, validation: validation ?? undefined, test: test ?? undefined };
}

/** Says with refused rows how to go on without them. */
export function advised<T>(FaultyRows: typeof import("@tutti/data").FaultyRows, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof FaultyRows)) throw cause;
    throw new FaultyRows(`${cause.message}\n--skip-faulty leaves these rows out`, { cause });
  }
}
