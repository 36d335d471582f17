import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { tinySourcePrompts } from "../testing/promptTuners.ts";
import { federateTiny } from "../testing/tinyFederation.ts";

const shared = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" } as const;
const cases = [
  { name: "FedPrompt", tuning: { method: "inputPrompt", promptTokens: 3, initial: "normal" }, clientLearningRate: 0.05 },
  { name: "Prompt Tuning", tuning: { method: "inputPrompt", promptTokens: 3, initial: "vocabulary" }, clientLearningRate: 0.05 },
  { name: "IDPG", tuning: { method: "idpg", promptTokens: 3, bottleneck: 4 }, clientLearningRate: 0.02 },
  { name: "LPT", tuning: { method: "latePrompt", promptTokens: 3, bottleneck: 4 }, clientLearningRate: 0.02 },
  { name: "ATTEMPT", tuning: { method: "attempt", promptTokens: 3, bottleneck: 4, sources: ["b", "a"] }, clientLearningRate: 0.05 },
  {
    name: "a projected prompt",
    tuning: { method: "projectedPrompt", promptTokens: 3, dimension: 24, spread: 1 },
    clientLearningRate: 0.3,
  },
] as const;

beforeAll(async () => {
  await startBackend("wasm");
});

test.each(cases)("devices learn $name together, and leave no tensor", async ({ tuning, clientLearningRate }) => {
  const losses = await federateTiny({ ...shared, ...tuning }, { clientLearningRate }, 6, tinySourcePrompts(32));
  expect(losses[5]).toBeLessThan(0.9 * losses[0]);
  expect(tf.memory().numTensors).toBe(0);
});
