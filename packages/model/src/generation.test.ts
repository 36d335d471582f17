import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { tokenBatch } from "./backbone/batch.ts";
import { createTransformer, type Transformer } from "./backbone/transformer.ts";
import { startBackend } from "./backends.ts";
import { createCausalReader, generate } from "./generation.ts";
import { goldenBackbone, goldenFile } from "./testing/golden.ts";
import { splitTuned, tunedLayout } from "./tuning/layout.ts";
import { prefixesOf as inOrder } from "./tuning/prefix.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

const ids = [5, 17, 80, 33, 9, 71, 12];
const greedy = { temperature: 0, topP: 1, random: createRandom(1).stream({ purpose: "none" }) };

async function lastLogits(transformer: Transformer, text: readonly number[], prefixes: tf.Tensor3D[] | null, firstPosition: number) {
  const logits = tf.tidy(() => {
    const { last } = transformer.forward(tokenBatch([text], 0), { prefixes, firstPosition, hasGradient: false });
    return transformer.head.forward(tf.slice2d(last, [text.length - 1, 0], [1, -1]), null, false).logits;
  });
  const values = await logits.data<"float32">();
  logits.dispose();
  return values;
}

function prefixesOf(transformer: Transformer, family: string): tf.Tensor3D[] {
  const { prompt, promptShape } = goldenFile(family).cases[0];
  const layout = tunedLayout(transformer.config, { method: "prefix", promptTokens: promptShape[2], head: "labelWords" }, 2);
  return inOrder(splitTuned(layout, tf.tensor1d(prompt.map(Number))));
}

test.each([
  ["gpt2", false, false],
  ["gpt2", true, true],
  ["llama", true, false],
  ["llama3", true, true],
] as const)("%s reads on from its keys and values as if it read all at once (prompt %s, positions after it %s)", async (...row) => {
  const [family, hasPrompt, positionsAfterPrefix] = row;
  const transformer = createTransformer(goldenBackbone(family));
  const prefixes = hasPrompt ? prefixesOf(transformer, family) : null;
  const firstPosition = positionsAfterPrefix && prefixes !== null ? prefixes[0].shape[1] : 0;
  const before = tf.memory().numTensors;
  const reader = createCausalReader(transformer, prefixes, positionsAfterPrefix);
  let read = 0;
  for (const piece of [ids.slice(0, 3), ids.slice(3, 4), ids.slice(4)]) {
    read += piece.length;
    const logits = await reader.read(piece);
    const expected = await lastLogits(transformer, ids.slice(0, read), prefixes, firstPosition);
    for (const [i, value] of expected.entries()) expect(logits[i]).toBeCloseTo(value, 4);
  }
  expect(reader.room()).toBe(transformer.config.maxPositions - firstPosition - ids.length);
  reader.dispose();
  const kept = tf.memory().numTensors - before;
  expect(kept).toBeLessThanOrEqual(2); // the vocabulary's rows, which the head keeps
});

test("greedy text is the arg-max of each next token, and a stop token ends it", async () => {
  const transformer = createTransformer(goldenBackbone("llama"));
  const text = [...ids];
  for (let i = 0; i < 6; i++) {
    const logits = await lastLogits(transformer, text, null, 0);
    text.push(logits.indexOf(Math.max(...logits)));
  }
  const expected = text.slice(ids.length);
  const streamed: number[] = [];
  const generated = await generate(transformer, ids, { ...greedy, maxNewTokens: 6, onToken: (id) => streamed.push(id) });
  expect(generated).toEqual(expected);
  expect(streamed).toEqual(expected);
  const stop = expected[3];
  const stopped = await generate(transformer, ids, { ...greedy, maxNewTokens: 6, stopTokens: [stop] });
  expect(stopped).toEqual(expected.slice(0, expected.indexOf(stop)));
});

test("a seed gives the same text again, another seed another, and the text ends where the positions do", async () => {
  const transformer = createTransformer(goldenBackbone("gpt2"));
  const draw = (seed: number) =>
    generate(transformer, ids, { temperature: 1.5, topP: 0.95, maxNewTokens: 100, random: createRandom(seed).stream({ purpose: "text" }) });
  const numTensors = tf.memory().numTensors;
  const first = await draw(3);
  expect(first).toEqual(await draw(3));
  expect(first).not.toEqual(await draw(4));
  expect(first).toHaveLength(transformer.config.maxPositions - ids.length + 1);
  expect(tf.memory().numTensors - numTensors).toBeLessThanOrEqual(2);
});

test("an encoder cannot continue a text", () => {
  const transformer = createTransformer(goldenBackbone("bert"));
  expect(() => createCausalReader(transformer)).toThrow("bert backbones read the whole text at once");
});
