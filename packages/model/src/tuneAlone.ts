import { accuracy, createRandom, initialParams, presets } from "@tutti/core";
import type { ClassificationTask, Dataset } from "@tutti/data";
import type { PackedBackbone } from "./backbone/packed.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { createReader } from "./reader.ts";
import { createTokenizer } from "./tokenizer.ts";
import { predictAll, scoresOf } from "./training/evaluation.ts";
import { trainLocally } from "./training/localTraining.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { tunedLayout } from "./tuning/layout.ts";

/** Tunes prompts and a linear head on all training rows in one place, as the demo's devices do on theirs; the accuracy on the test rows. */
export async function tuneAlone(
  backbone: PackedBackbone,
  task: ClassificationTask,
  dataset: Dataset,
  { numSteps, seed }: { readonly numSteps: number; readonly seed: number },
): Promise<number> {
  if (backbone.tokenizerJson === null)
    throw new Error(`backbone ${backbone.name} has no tokenizer, so it cannot read texts: add it again from a folder with tokenizer.json`);
  const { tuning } = presets.demo;
  const training = { ...presets.demo.training, localEpochs: 1 };
  const random = createRandom(seed);
  const transformer = createTransformer(backbone);
  try {
    const layout = tunedLayout(backbone.config, tuning, task.classes.length);
    const tokenizer = createTokenizer(backbone.tokenizerJson, backbone.tokenizerConfig);
    const { tuned, encode } = createReader(
      { transformer, tokenizer, layout, tuner: createTuner(transformer, tuning, { random }) },
      task,
      tuning,
    );
    const order = random.stream({ purpose: "order" }).shuffle(encode(dataset.train));
    const examples = Array.from({ length: numSteps * training.batchSize }, (_, i) => order[i % order.length]);
    const { params } = await trainLocally(tuned, initialParams(layout.entries, random), examples, {
      training,
      promptDropout: tuning.promptDropout,
      warmupSteps: 0,
      stageSteps: 0,
      moments: null,
      shuffle: random.stream({ purpose: "shuffle" }),
      dropout: random.stream({ purpose: "dropout" }),
    });
    const test = encode(dataset.test);
    return accuracy(scoresOf(await predictAll(tuned, params, test), test, task.classes.length).confusion) ?? 0;
  } finally {
    transformer.dispose();
  }
}
