import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "@tutti/core";
import { tokenBatch } from "../backbone/batch.ts";
import type { Pass, Transformer } from "../backbone/transformer.ts";
import { generate } from "../generation.ts";
import type { TextTokenizer } from "../tokenizer.ts";
import { suffixBatch, suffixLosses } from "../training/suffix.ts";
import { splitTuned, tunedLayout } from "../tuning/layout.ts";
import { createBareTuner, prefixesOf } from "../tuning/prefix.ts";
import type { GoldenErrors, VerifyOptions } from "./goldenErrors.ts";
import { requireTextFit } from "./goldenFit.ts";
import { relativeError } from "./relativeError.ts";
import type { TextCase, TextGolden } from "./textGoldenFile.ts";

/** The largest relative error of each kind over the texts; tokens and greedy texts count as 0 (equal) or 1. */
export async function textGoldenErrors(
  transformer: Transformer,
  tokenizer: TextTokenizer,
  golden: TextGolden,
  { onProgress }: VerifyOptions = {},
): Promise<GoldenErrors> {
  requireTextFit(golden, transformer.config);
  const worst: Record<string, number> = {};
  const note = (kind: string, error: number) => {
    worst[kind] = Math.max(worst[kind] ?? 0, error);
  };
  for (const [index, one] of golden.cases.entries()) {
    const { before, after } = tokenizer.specials;
    note("tokens", isEqual([...before, ...tokenizer.encodeTemplate(one.text), ...after], one.ids) ? 0 : 1);
    for (const [kind, error] of Object.entries(await caseErrors(transformer, one))) note(kind, error);
    onProgress?.({ done: index + 1, total: golden.cases.length });
  }
  if (golden.withPrompt !== undefined) {
    const one = golden.cases[golden.withPrompt.case];
    const { promptShape, prompt, logitsAtMask } = golden.withPrompt;
    const layout = tunedLayout(transformer.config, { method: "prefix", promptTokens: promptShape[2], head: "labelWords" }, 2);
    const prefixes = tf.tidy(() => prefixesOf(splitTuned(layout, tf.tensor1d(prompt))).map((prefix) => tf.clone(prefix)));
    const position = one.maskPosition ?? one.ids.length - 1;
    const found = await read(transformer, one.ids, prefixes, ({ last }) => [logitsAt(transformer, last, position)]);
    tf.dispose(prefixes);
    note("logits with prompt", relativeError(found[0], logitsAtMask));
  }
  if (golden.greedyFromStart !== undefined) {
    const [start, ...expected] = golden.greedyFromStart;
    const settings = { temperature: 0, topP: 1, maxNewTokens: expected.length, random: createRandom(0).stream({ purpose: "greedy" }) };
    const found = await generate(transformer, [start], settings);
    note("greedy tokens", isEqual(found, expected) ? 0 : 1);
    // the tokenizer gives no space to a text's first word, the reference does
    if (golden.greedyText !== undefined) note("greedy text", tokenizer.decode(found).trim() === golden.greedyText.trim() ? 0 : 1);
  }
  return worst;
}

async function caseErrors(transformer: Transformer, one: TextCase): Promise<Record<string, number>> {
  const { config } = transformer;
  const position = one.maskPosition ?? one.ids.length - 1;
  const found = await read(transformer, one.ids, null, ({ states, last }) => [
    logitsAt(transformer, last, position),
    tf.slice2d(states[states.length - 1], [position, 0], [1, config.hiddenSize]), // decoders: before their final norm
    ...states.map((state) => tf.mean(state, 0)),
  ]);
  const [logits, lastHidden, ...means] = found;
  const errors: Record<string, number> = {};
  const expected = one.logitsAtMask ?? one.logitsLastToken;
  if (expected !== undefined) errors.logits = relativeError(logits, expected);
  if (one.lastHiddenLastToken !== undefined) errors["last hidden state"] = relativeError(lastHidden, one.lastHiddenLastToken);
  if (one.meanHiddenByLayer !== undefined) {
    errors["mean hidden states"] = Math.max(...one.meanHiddenByLayer.map((mean, layer) => relativeError(means[layer], mean)));
  }
  if (one.meanTokenLoss !== undefined) {
    const batch = suffixBatch([one.ids.slice(0, 1)], [one.ids.slice(1)], config.padTokenId);
    const losses = tf.tidy(() =>
      suffixLosses({}, batch, { transformer, tuner: createBareTuner(transformer), positionsAfterPrefix: false }),
    );
    errors["mean token loss"] = relativeError(await losses.data<"float32">(), [one.meanTokenLoss]);
    losses.dispose();
  }
  return errors;
}

function logitsAt(transformer: Transformer, last: tf.Tensor2D, position: number): tf.Tensor2D {
  return transformer.head.forward(tf.slice2d(last, [position, 0], [1, transformer.config.hiddenSize]), null, false).logits;
}

async function read(
  transformer: Transformer,
  text: readonly number[],
  prefixes: readonly tf.Tensor3D[] | null,
  take: (pass: Pass) => tf.Tensor[],
): Promise<Float32Array[]> {
  const tensors = tf.tidy(() => take(transformer.forward(tokenBatch([text], 0), { prefixes, firstPosition: 0, hasGradient: false })));
  const arrays: Float32Array[] = [];
  for (const tensor of tensors) arrays.push(await tensor.data<"float32">());
  tf.dispose(tensors);
  return arrays;
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
