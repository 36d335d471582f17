import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { goldenErrorsOf } from "../testing/golden.ts";
import { pastTolerance } from "./verifyBackbone.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

// f32 against float64: measured 4e-7 to 3e-6; a misplaced ε or decay in AdamW is at 2e-4
test.each(["roberta", "bert", "gpt2", "llama", "llama3"])("the cpu backend computes %s's golden numbers", async (family) => {
  const numTensors = tf.memory().numTensors;
  const errors = await goldenErrorsOf(family, { hasSpectrum: false });
  expect(Object.keys(errors).length).toBeGreaterThan(13);
  expect(pastTolerance(errors, "cpu")).toEqual({});
  expect(tf.memory().numTensors).toBe(numTensors);
});

// some 125 gradients on plain operations, seconds each: an encoder and a decoder, one case each; wasm computes every family's, both cases
test.each([
  ["roberta", 0],
  ["llama", 1],
])("the cpu backend computes %s's spectrum and the shares of layers to keep, case %i", { timeout: 60_000 }, async (family, onlyCase) => {
  const errors = await goldenErrorsOf(family, { hasSpectrum: true, onlyCase });
  expect(Object.keys(errors)).toEqual(
    expect.arrayContaining(["Ritz values", "Ritz weights", "keep share, absolute", "keep share, relative"]),
  );
  expect(pastTolerance(errors, "cpu")).toEqual({});
});
