import * as tf from "@tensorflow/tfjs";
import { createRandom, initialParams } from "@tutti/core";
import { expect, test } from "vitest";
import { shareGpu } from "../testing/sharedGpu.ts";
import { tinyExamples, tinyTuned } from "../testing/tinyTuned.ts";
import { trainLocally } from "./localTraining.ts";

shareGpu();

test.each(["adamW", "sgd"] as const)("frozen parameters keep every bit on WebGPU under %s, and no tensor is left", async (optimizer) => {
  const tuned = tinyTuned();
  const before = tf.memory().numTensors;
  const random = createRandom(9);
  const start = initialParams(tuned.layout.entries, createRandom(1));
  const { params, numSteps } = await trainLocally(tuned, start, tinyExamples(10), {
    training: {
      localEpochs: 1,
      batchSize: 4,
      clientLearningRate: 0.05,
      weightDecay: 0.1,
      clipNorm: 1,
      resetMoments: true,
      optimizer,
      proximal: 0,
    },
    promptDropout: 0.1,
    warmupSteps: 0,
    stageSteps: 0,
    moments: null,
    frozen: ["prefix/0", "head/bias"],
    shuffle: random.stream({ purpose: "shuffle" }),
    dropout: random.stream({ purpose: "dropout" }),
  });
  expect(numSteps).toBe(3);
  expect(tf.memory().numTensors).toBe(before);
  for (const name of ["prefix/0", "head/bias"]) expect(params[name], name).toEqual(start[name]);
  for (const name of ["prefix/1", "head/weight"]) expect(params[name], name).not.toEqual(start[name]);
  tuned.transformer.dispose();
});
