import { expect, test } from "vitest";
import { countSeen, countSteps, taskSteps, trainedFor, trainingOfTask } from "./localSteps.ts";
import { presets } from "./presets.ts";

test("K_i is E · ceil(n_i / B)", () => {
  const training = { localEpochs: 3, batchSize: 4 };
  expect(countSteps(9, training)).toBe(9);
  expect(countSteps(8, training)).toBe(6);
  expect(countSteps(1, training)).toBe(3);
  expect(countSeen(9, training)).toBe(27);
});

test("given steps take the place of epochs, whatever a device holds (P-256)", () => {
  const training = { ...presets.default.training, localEpochs: 3, batchSize: 4, localSteps: 7 };
  expect([1, 9, 800].map((numExamples) => countSteps(numExamples, training))).toEqual([7, 7, 7]);
  expect([1, 9].map((numExamples) => countSeen(numExamples, training))).toEqual([7, 28]);
  expect(taskSteps(trainedFor(training), { numExamples: 9, batchSize: 4 })).toBe(7);
});

test("no preset gives steps, and a task of epochs has none of the run's", () => {
  for (const { training } of Object.values(presets)) expect(training).not.toHaveProperty("localSteps");
  const training = { ...presets.default.training, localSteps: 7 };
  expect(trainedFor(training)).toEqual({ epochs: 2, steps: 7 });
  expect(trainingOfTask(training, { epochs: 5 }, { batchSize: 3 })).toEqual({ ...presets.default.training, localEpochs: 5, batchSize: 3 });
});
