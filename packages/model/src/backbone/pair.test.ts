import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { createPrompter, findTask, loadDataset, requireTextTask } from "@tutti/data";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { encodeContinuation } from "../causalTemplate.ts";
import { loadBackboneFolder } from "../node.ts";
import { createTokenizer } from "../tokenizer.ts";
import { suffixBatch, suffixLosses } from "../training/suffix.ts";
import { createBareTuner } from "../tuning/prefix.ts";
import { createTransformer } from "./transformer.ts";

const path = (name: string) => fileURLToPath(new URL(`../../../../public/${name}`, import.meta.url));
const endOfText = 2; // </s> of their tokenizer

beforeAll(() => startBackend("wasm"));

// with the model cards' numbers, which another implementation measured on the weights in f32
test.each([
  ["etude", 173],
  ["concerto", 144],
] as const)("%s in int8 answers the built-in task replies with the perplexity that its card says", async (name, expected) => {
  const task = requireTextTask(findTask("replies"), "this test");
  const { validation } = await loadDataset(task, (file) => readFile(path(`datasets/replies/${file}`), "utf8"));
  const backbone = await loadBackboneFolder(path(`backbones/${name}`));
  const transformer = createTransformer(backbone);
  const tokenizer = createTokenizer(backbone.tokenizerJson ?? "", backbone.tokenizerConfig);
  const prompter = await createPrompter(task, backbone.tokenizerConfig);
  const options = { transformer, tuner: createBareTuner(transformer), positionsAfterPrefix: false };
  let lossSum = 0;
  let numTokens = 0;
  for (let at = 0; at < validation.length; at += 16) {
    const asked = validation.slice(at, at + 16).map(prompter);
    const prompts = asked.map(({ prompt }) => [...tokenizer.specials.before, ...tokenizer.encode(prompt)]);
    const answers = asked.map(({ answer }) => [...encodeContinuation(tokenizer, answer), endOfText]);
    const losses = tf.tidy(() => suffixLosses({}, suffixBatch(prompts, answers, backbone.config.padTokenId), options));
    for (const [i, loss] of (await losses.data()).entries()) lossSum += loss * (answers[i]?.length ?? 0);
    numTokens += answers.flat().length;
    losses.dispose();
  }
  const perplexity = Math.exp(lossSum / numTokens); // measured 176.3 and 145.1; other templates are 9 % off and more
  expect(Math.abs(perplexity / expected - 1)).toBeLessThan(0.03);
  transformer.dispose();
});
