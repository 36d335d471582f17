import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { federateTiny } from "../testing/tinyFederation.ts";

const shared = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" } as const;
const cases = [
  { tuning: { method: "adapter", bottleneck: 4 }, clientLearningRate: 0.01 },
  { tuning: { method: "lora", rank: 2, alpha: 4 }, clientLearningRate: 0.01 },
  {
    tuning: {
      method: "lora",
      rank: 2,
      alpha: 4,
      targets: ["q", "k", "v", "o", "up", "down"],
      ranks: { k: 1 },
      dropout: 0.1,
      alphaOver: "rootRank",
    },
    clientLearningRate: 0.01,
  },
  { tuning: { method: "full" }, clientLearningRate: 0.002 },
  { tuning: { method: "tensorTrain", bottleneck: 4, rank: 3, maxFactor: 8 }, clientLearningRate: 0.01 },
] as const;

beforeAll(async () => {
  await startBackend("wasm");
});

test.each(cases)("devices learn $tuning.method together, and leave no tensor", async ({ tuning, clientLearningRate }) => {
  const losses = await federateTiny({ ...shared, ...tuning }, { clientLearningRate }, 4);
  expect(losses).toHaveLength(4);
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  expect(tf.memory().numTensors).toBe(0);
});
