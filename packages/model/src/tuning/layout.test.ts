import * as tf from "@tensorflow/tfjs";
import { createRandom, initialParams } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { flattenTuned, joinTuned, splitTuned, tunedLayout, unflattenTuned } from "./layout.ts";

const llama = tunedLayout(goldenBackbone("llama").config, { method: "prefix", promptTokens: 5, head: "linear" }, 3);

beforeAll(async () => {
  await startBackend("cpu");
});

test("prefixes are as wide as keys and values, the head as wide as the hidden states", () => {
  expect(llama.entries.map(({ name, shape }) => [name, shape])).toEqual([
    ["prefix/0", [2, 5, 16]],
    ["prefix/1", [2, 5, 16]],
    ["prefix/2", [2, 5, 16]],
    ["head/weight", [3, 32]],
    ["head/bias", [3]],
  ]);
  expect(llama).toMatchObject({ numValues: 579, numMethodValues: 480 });
});

test("flattening and splitting lose nothing", async () => {
  const params = initialParams(llama.entries, createRandom(4));
  const vector = flattenTuned(llama, params);
  expect(unflattenTuned(llama, vector)).toEqual(params);
  const joined = tf.tidy(() => joinTuned(llama, splitTuned(llama, tf.tensor1d(vector))));
  expect(await joined.data()).toEqual(vector);
});

test("what is missing or has another size is named", () => {
  const params = initialParams(llama.entries, createRandom(4));
  const { "prefix/2": _, ...rest } = params;
  expect(() => flattenTuned(llama, rest)).toThrow("trained parameter prefix/2: missing");
  const short = { ...params, "head/bias": { shape: [2], data: new Float32Array(2) } };
  expect(() => flattenTuned(llama, short)).toThrow("head/bias: shape [3] needs 3 floats, received 2");
});
