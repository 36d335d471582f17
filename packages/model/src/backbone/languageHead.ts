import * as tf from "@tensorflow/tfjs";
import { type Activated, activate } from "../kernels/activation.ts";
import { createLinear, disposeLinear, type Linear, linear, linearGradient, tensorsOf } from "../kernels/linear.ts";
import { disposeNorm, type Norm, type Normed, normalize, normalizeGradient } from "../kernels/norm.ts";
import { createPackedLinear } from "../kernels/packedLinear.ts";
import type { PackedBackbone } from "./packed.ts";
import { loadLinear, loadNorm, staysPacked, type WeightForm } from "./weights.ts";

/** Logits (rows, columns), with what the gradient needs. */
export interface HeadPass {
  readonly logits: tf.Tensor2D;
  readonly output: Linear;
  readonly activated: Activated | null;
  readonly normed: Normed | null;
}

/** The frozen language-model head: logits of hidden rows over the vocabulary or over some of its words. */
export interface LanguageHead {
  /** `words` null means the whole vocabulary, in order. */
  forward(rows: tf.Tensor2D, words: readonly number[] | null, hasGradient: boolean): HeadPass;
  /** d logits (rows, columns) → d rows (rows, H). */
  backward(dLogits: tf.Tensor2D, pass: HeadPass): tf.Tensor2D;
  dispose(): void;
}

/**
 * Uploads the head's dense part. Output rows are uploaded when first asked for and kept per word list: those of some words unpacked, the
 * whole vocabulary's as they are stored, where the backend multiplies by packed matrices.
 */
export function createLanguageHead(backbone: PackedBackbone, form: WeightForm = "packed"): LanguageHead {
  const { config } = backbone;
  const dense: Linear | null = backbone.has("head.dense.weight") ? loadLinear(backbone, "head.dense", form) : null;
  const norm: Norm | null = dense === null ? null : loadNorm(backbone, "head.norm");
  const outputs = new Map<string, Linear>();

  function outputOf(words: readonly number[] | null): Linear {
    const key = words === null ? "vocabulary" : words.join(",");
    const known = outputs.get(key);
    if (known !== undefined) return known;
    const output = words === null ? loadVocabulary(backbone, form) : loadWords(backbone, words);
    for (const tensor of tensorsOf(output)) tf.keep(tensor); // they outlive the tidy they are first needed in
    outputs.set(key, output);
    return output;
  }

  return {
    forward(rows, words, hasGradient) {
      const output = outputOf(words);
      if (dense === null || norm === null) return { logits: linear(rows, output), output, activated: null, normed: null };
      const activated = activate(linear(rows, dense), config.activation, hasGradient);
      const normed = normalize(activated.y, norm);
      return { logits: linear(normed.y, output), output, activated, normed };
    },
    backward(dLogits, { output, activated, normed }) {
      const d = linearGradient(dLogits, output);
      if (dense === null || norm === null || normed === null || activated === null) return d;
      if (activated.derivative === null) throw new Error("this pass was made without hasGradient");
      return linearGradient(tf.mul(normalizeGradient(d, normed, norm), activated.derivative), dense);
    },
    dispose() {
      for (const output of outputs.values()) disposeLinear(output);
      outputs.clear();
      if (dense !== null) disposeLinear(dense);
      if (norm !== null) disposeNorm(norm);
    },
  };
}

/** The table whose rows are the words' outputs. */
function outputTable({ config }: PackedBackbone): string {
  return config.hasTiedEmbeddings ? "embeddings.word" : "head.output";
}

function loadVocabulary(backbone: PackedBackbone, form: WeightForm): Linear {
  const table = outputTable(backbone);
  if (!staysPacked(backbone, table, form)) {
    return loadWords(
      backbone,
      Array.from({ length: backbone.config.vocabSize }, (_, id) => id),
    );
  }
  return createPackedLinear(backbone.packed(table), backbone.has("head.bias") ? backbone.tensor("head.bias") : null);
}

function loadWords(backbone: PackedBackbone, words: readonly number[]): Linear {
  const weight = { shape: [words.length, backbone.config.hiddenSize], data: backbone.rows(outputTable(backbone), words) };
  const all = backbone.has("head.bias") ? backbone.tensor("head.bias").data : null;
  return createLinear(weight, all === null ? null : { shape: [words.length], data: Float32Array.from(words, (word) => all[word]) });
}
