import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { goldenErrorsOf } from "../testing/golden.ts";
import { pastTolerance } from "./verifyBackbone.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

// f32 against float64: measured 1e-7 to 6e-6, and by differences 5e-5, Ritz values 2e-5, shares to keep 1e-3
test.each(["roberta", "bert", "gpt2", "llama", "llama3"])(
  "the wasm backend computes %s's golden numbers, spectrum and shares to keep included",
  async (family) => {
    const numTensors = tf.memory().numTensors;
    const errors = await goldenErrorsOf(family, { hasSpectrum: true });
    expect(Object.keys(errors).length).toBeGreaterThan(17);
    expect(pastTolerance(errors, "wasm")).toEqual({});
    expect(errors["Ritz values"]).toBeLessThan(1e-4); // two widths of differences leave 1e-4, and shares that are off by 2e-2
    expect(tf.memory().numTensors).toBe(numTensors);
  },
);
