import * as tf from "@tensorflow/tfjs-core";
import { type ActivatedProduct, activatedLinear, activationGradient } from "../kernels/feedForward.ts";
import { disposeLinear, type Linear, linear, linearGradient, tensorsOf } from "../kernels/linear.ts";
import { disposeNorm, type Norm, type Normed, normalize, normalizeGradient } from "../kernels/norm.ts";
import { createPackedLinear } from "../kernels/packedLinear.ts";
import type { PackedBackbone } from "./packed.ts";
import { loadLinear, loadNorm, staysPacked, uploadRows, type WeightForm } from "./weights.ts";

/** Logits (rows, columns), with what the gradient needs. */
export interface HeadPass {
  readonly logits: tf.Tensor2D;
  readonly output: Linear;
  readonly activated: ActivatedProduct | null;
  readonly normed: Normed | null;
}

/** The frozen language-model head: logits of hidden rows over the vocabulary or over some of its words. */
export interface LanguageHead {
  /** `words` null means the whole vocabulary, in order. */
  forward(rows: tf.Tensor2D, words: readonly number[] | null, hasGradient: boolean): HeadPass;
  /** d logits (rows, columns), which more rows may follow → d rows (rows, H). */
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
  const activation = config.family === "roberta" ? "gelu" : config.activation; // RoBERTa's head is the exact form, whatever its layers have
  const outputs = new Map<string, Linear>();

  function outputOf(words: readonly number[] | null): Linear {
    const key = words === null ? "vocabulary" : words.join(",");
    const known = outputs.get(key);
    if (known !== undefined) return known;
    const output = words === null ? loadVocabulary(backbone, form) : loadWords(backbone, words, form);
    for (const tensor of tensorsOf(output)) tf.keep(tensor); // they outlive the tidy they are first needed in
    outputs.set(key, output);
    return output;
  }

  return {
    forward(rows, words, hasGradient) {
      const output = outputOf(words);
      if (dense === null || norm === null)
        return { logits: linear(rows, output, { isTraining: hasGradient }), output, activated: null, normed: null };
      const numRows = rows.shape[0];
      const activated = activatedLinear(rows, dense, { activation, numRows, hasGradient });
      const normed = normalize(activated.y, norm, numRows);
      return { logits: linear(normed.y, output, { isTraining: hasGradient }), output, activated, normed };
    },
    backward(dLogits, { logits, output, activated, normed }) {
      const d = linearGradient(dLogits, output, { numRows: logits.shape[0] });
      if (dense === null || norm === null || normed === null || activated === null) return d;
      return linearGradient(activationGradient(normalizeGradient(d, normed, norm), activated), dense);
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
  const everyWord = () => Array.from({ length: backbone.config.vocabSize }, (_, id) => id);
  if (!staysPacked(form)) return loadWords(backbone, everyWord(), form);
  return createPackedLinear(backbone.packed(table), backbone.has("head.bias") ? backbone.tensor("head.bias") : null);
}

function loadWords(backbone: PackedBackbone, words: readonly number[], form: WeightForm): Linear {
  const weight = { shape: [words.length, backbone.config.hiddenSize], data: backbone.rows(outputTable(backbone), words) };
  const all = backbone.has("head.bias") ? backbone.tensor("head.bias").data : null;
  return uploadRows(weight, all === null ? null : { shape: [words.length], data: Float32Array.from(words, (word) => all[word]) }, form);
}
