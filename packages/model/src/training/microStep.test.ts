import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { createMicroStep } from "./microStep.ts";

beforeAll(() => startBackend("wasm"));

test("test steps run our own kernels forward and backward, and leave nothing behind", async () => {
  const { numTensors } = tf.memory();
  const step = createMicroStep();
  let ms: Promise<number> | null = null;
  const { kernelNames, result } = await tf.profile(() => {
    ms = step.round();
    return tf.scalar(0);
  });
  tf.dispose(result);
  expect(await ms).toBeGreaterThan(0);
  expect(kernelNames).toEqual(
    expect.arrayContaining(["TuttiLinear", "TuttiAttend", "TuttiAttendGradient", "TuttiNorm", "TuttiNormGradient"]),
  );
  step.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});
