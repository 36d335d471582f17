import { formatCount, formatWhole } from "@tutti/core";
/** Columns of a data set as it is published, and its classes by their published names or numbers, in the task's class order. */
export interface SourceColumns {
  readonly text: string;
  readonly textB?: string | undefined;
  readonly label: string;
  readonly classes: readonly string[];
  /** The same in the order of the published numbers, where that is another one. */
  readonly numbering?: readonly string[] | undefined;
}

/** Where a built-in task's rows come from. */
export interface TaskSource {
  /** On the hub; null where no copy of the set in use is known there. */
  readonly hub: HubSource | null;
  /** In a folder of JSON Lines with the fields `a`, `b` and `y`. */
  readonly folder: SourceColumns;
  /** Rows of the whole training part, where parts of it are in circulation. */
  readonly numTrainRows?: number;
}

/** A data set on the hub. */
export interface HubSource extends SourceColumns {
  readonly id: string;
  readonly config: string;
  /** Without a labelled test split the validation split is reported. */
  readonly splits: { readonly train: string; readonly validation: string | null; readonly test: string | null };
}

const numbered = (numClasses: number) => Array.from({ length: numClasses }, (_, index) => String(index));
const oneText = (numClasses: number): SourceColumns => ({ text: "a", label: "y", classes: numbered(numClasses) });
const twoTexts: SourceColumns = { text: "a", textB: "b", label: "y", classes: numbered(2) };
const devOnly = { train: "train", validation: "validation", test: null };
const allSplits = { train: "train", validation: "validation", test: "test" };
const noValidation = { train: "train", validation: null, test: "test" };

function glue(config: string, columns: SourceColumns): HubSource {
  return { id: "nyu-mll/glue", config, splits: devOnly, ...columns };
}

const entailment = { classes: ["not_entailment", "entailment"], numbering: ["entailment", "not_entailment"] };

/** Sources of the built-in tasks that do not come with Tutti, by task name. */
export const taskSources: Readonly<Record<string, TaskSource>> = {
  sst2: { hub: glue("sst2", { text: "sentence", label: "label", classes: ["negative", "positive"] }), folder: oneText(2) },
  mr: {
    hub: {
      id: "cornell-movie-review-data/rotten_tomatoes",
      config: "default",
      splits: allSplits,
      text: "text",
      label: "label",
      classes: ["neg", "pos"],
    },
    folder: oneText(2),
  },
  mpqa: { hub: null, folder: oneText(2) },
  cola: { hub: glue("cola", { text: "sentence", label: "label", classes: ["unacceptable", "acceptable"] }), folder: oneText(2) },
  subj: {
    hub: {
      id: "SetFit/subj",
      config: "default",
      splits: noValidation,
      text: "text",
      label: "label_text",
      classes: ["subjective", "objective"],
    },
    folder: oneText(2),
  },
  trec: {
    hub: {
      id: "CogComp/trec",
      config: "default",
      splits: noValidation,
      text: "text",
      label: "coarse_label",
      classes: ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"],
      numbering: ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"],
    },
    folder: oneText(6),
  },
  qnli: {
    hub: glue("qnli", { text: "question", textB: "sentence", label: "label", ...entailment }),
    folder: twoTexts,
    numTrainRows: 104_743,
  },
  rte: { hub: glue("rte", { text: "sentence1", textB: "sentence2", label: "label", ...entailment }), folder: twoTexts },
  mrpc: {
    hub: glue("mrpc", { text: "sentence1", textB: "sentence2", label: "label", classes: ["not_equivalent", "equivalent"] }),
    folder: twoTexts,
  },
  boolq: {
    hub: {
      id: "google/boolq",
      config: "default",
      splits: devOnly,
      text: "passage",
      textB: "question",
      label: "answer",
      classes: ["false", "true"],
    },
    folder: { ...twoTexts, text: "b", textB: "a" },
    numTrainRows: 9427,
  },
  ag_news: {
    hub: {
      id: "fancyzhx/ag_news",
      config: "default",
      splits: noValidation,
      text: "text",
      label: "label",
      classes: ["World", "Sports", "Business", "Sci/Tech"],
    },
    folder: oneText(4),
    numTrainRows: 120_000,
  },
};

/** Says where the training part in use is not the whole one; null where it is, or where nothing is known. */
export function partialNote(task: string, numRows: number): string | null {
  const whole = Object.hasOwn(taskSources, task) ? taskSources[task]?.numTrainRows : undefined;
  if (whole === undefined || numRows >= whole) return null;
  return `The training part is ${formatWhole(numRows)} of ${formatCount(whole, "row")}.`;
}
