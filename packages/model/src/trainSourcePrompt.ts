import { accuracy, createRandom, initialParams, type Params, type RunSettings, vocabularyRows } from "@tutti/core";
import { type ClassificationTask, type Dataset, type Example, refuseOverlap, sharedText, type TextExample } from "@tutti/data";
import type { PackedBackbone } from "./backbone/packed.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { createReader } from "./reader.ts";
import { createTokenizer } from "./tokenizer.ts";
import { predictAll, scoresOf } from "./training/evaluation.ts";
import { trainLocally } from "./training/localTraining.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { commonWords } from "./tuning/inputPrompt.ts";
import { tunedLayout } from "./tuning/layout.ts";
import type { SourcePrompt } from "./tuning/sourcePrompts.ts";

/** How a source prompt is trained, and what its file records of it. */
export interface SourceTraining {
  /** What the file is called. */
  readonly name: string;
  /** Folder of the backbone under public/backbones. */
  readonly backboneName: string;
  readonly promptTokens: number;
  readonly head: RunSettings["tuning"]["head"];
  readonly numSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Test parts of the tasks that the prompt is for; training is refused where they share text with the source. */
  readonly targets: readonly { readonly task: string; readonly test: readonly (Example | TextExample)[] }[];
  readonly onStep?: ((progress: { step: number; numSteps: number; loss: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tunes an input prompt from vocabulary rows on all training rows of a task in one place, as ATTEMPT's sources are made; a linear head is not
 * kept. Validation rows, where they are given, are scored before and after, and choose nothing.
 */
export async function trainSourcePrompt(
  backbone: PackedBackbone,
  task: ClassificationTask,
  dataset: Pick<Dataset, "train"> & Partial<Pick<Dataset, "validation">>,
  options: SourceTraining,
): Promise<{ prompt: SourcePrompt; firstLoss: number; lastLoss: number }> {
  refuseSharedText(task.name, dataset.train, options.targets);
  if (backbone.tokenizerJson === null)
    throw new Error(`backbone ${backbone.name} has no tokenizer, so it cannot read texts: add it again from a folder with tokenizer.json`);
  const { promptTokens, head, numSteps, batchSize, learningRate, seed } = options;
  const tuning = tuningOf(options);
  const random = createRandom(seed);
  const transformer = createTransformer(backbone);
  try {
    const layout = tunedLayout(backbone.config, tuning, task.classes.length);
    const tokenizer = createTokenizer(backbone.tokenizerJson, backbone.tokenizerConfig);
    const tuner = createTuner(transformer, tuning, { random });
    const { tuned, encode } = createReader({ transformer, tokenizer, layout, tuner }, task, tuning);
    const validation = encode(dataset.validation ?? []);
    const accuracyOf = async (values: Params) => {
      const predictions = await predictAll(tuned, values, validation, options.signal);
      return accuracy(scoresOf(predictions, validation, task.classes.length).confusion);
    };
    const start = initialParams(layout.entries, random);
    const before = await accuracyOf(start);
    const order = random.stream({ purpose: "order" }).shuffle(dataset.train);
    const examples = encode(Array.from({ length: numSteps * batchSize }, (_, i) => order[i % order.length]));
    const { params, firstLoss, lastLoss } = await trainLocally(tuned, start, examples, {
      training: trainingOf(options),
      promptDropout: 0,
      warmupSteps: 0,
      stageSteps: 0,
      moments: null,
      shuffle: random.stream({ purpose: "shuffle" }),
      dropout: random.stream({ purpose: "dropout" }),
      onStep: options.onStep,
      signal: options.signal,
    });
    const after = await accuracyOf(params);
    const rows = transformer.wordRows(vocabularyRows(random, promptTokens, commonWords(backbone.config)));
    const values = Array.from(params.prompt.data, (value, i) => Math.fround(value + rows[i]));
    if (!values.every(Number.isFinite))
      throw new Error(`the prompt of ${task.name} has values that are not numbers: try a lower learning rate`);
    const { hiddenSize } = backbone.config;
    const scores = before === null || after === null ? {} : { validation: { numExamples: validation.length, before, after } };
    const prompt: SourcePrompt = {
      formatVersion: 1,
      name: options.name,
      backbone: options.backboneName,
      task: task.name,
      numExamples: dataset.train.length,
      numSteps,
      learningRate,
      seed,
      batchSize,
      head,
      ...scores,
      shape: [promptTokens, hiddenSize],
      values,
    };
    return { prompt, firstLoss, lastLoss };
  } finally {
    transformer.dispose();
  }
}

function tuningOf({ promptTokens, head }: SourceTraining): RunSettings["tuning"] {
  return {
    method: "inputPrompt",
    promptTokens,
    initial: "vocabulary",
    head,
    promptDropout: 0,
    positionsAfterPrefix: false,
    lossOver: "labelWords",
  };
}

function trainingOf({ batchSize, learningRate }: SourceTraining): RunSettings["training"] {
  return {
    localEpochs: 1,
    batchSize,
    clientLearningRate: learningRate,
    weightDecay: 0,
    clipNorm: 1,
    resetMoments: true,
    optimizer: "adamW",
    proximal: 0,
  };
}

function refuseSharedText(source: string, train: readonly Example[], targets: SourceTraining["targets"]): void {
  for (const { task, test } of targets) {
    refuseOverlap(source, task);
    const { numShared, numTest } = sharedText(train, test);
    if (numShared > 0) {
      throw new Error(`${source} cannot be a source for ${task}: ${numShared} of ${numTest} test texts are also in its training part`);
    }
  }
}
