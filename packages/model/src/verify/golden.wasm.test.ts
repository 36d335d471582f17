import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { goldenErrorsOf, worstErrors } from "../testing/golden.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

// Hessian products: what two agreeing differences leave, measured 1e-5 to 2e-4; Ritz values follow their products
test.each(["roberta", "bert", "gpt2", "llama", "llama3"])(
  "the wasm backend computes %s's golden numbers, spectrum included",
  async (family) => {
    const numTensors = tf.memory().numTensors;
    const worst = worstErrors(await goldenErrorsOf(family));
    expect(worst.exact).toBeLessThan(1e-5);
    expect(worst.hessian).toBeLessThan(2e-3);
    expect(worst.ritz).toBeLessThan(2e-3);
    expect(tf.memory().numTensors).toBe(numTensors);
  },
);

test("roberta's shares of layers to keep follow from its spectra", async () => {
  const errors = await goldenErrorsOf("roberta");
  expect(errors["keep share, absolute"]).toBeLessThan(1e-3);
  expect(errors["keep share, relative"]).toBeLessThan(1e-3);
});
