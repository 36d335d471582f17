import * as tf from "@tensorflow/tfjs-core";
import { isSvdName, type LoraOwn, type TunedEntry } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { partOf } from "../kernels/rows.ts";
import { joinTuned, laidOut, splitTuned, type TunedLayout, tunedLayout } from "./layout.ts";
import { createLoraTuner } from "./lora.ts";
import { svdPlaces } from "./svdPlaces.ts";
import { type OwnRanks, type TunedValues, type Tuner, wholeMethod } from "./tuner.ts";

/** What decides a run's differences. */
type SvdSettings = Pick<LoraOwn, "rank" | "alpha" | "targets">;

/**
 * W x + (alpha / rank) · P diag(e) Q x (AdaLoRA, https://arxiv.org/abs/2303.10512): P (out, rank), e (rank), Q (rank, in). It is LoRA with B = P and
 * A = diag(e) Q, so that the same products run: values are put together once before a pass, and gradients taken apart once after it, whatever the
 * number of matrices. With components of its own each matrix has as many as are left of it, or no difference, and then no product either.
 */
export function createSvdLoraTuner(transformer: Transformer, settings: SvdSettings, own: OwnRanks | null = null): Tuner {
  const { config } = transformer;
  const layout: TunedLayout =
    own === null ? tunedLayout(config, { method: "svdLora", targets: ["q"], ...settings, head: "labelWords" }, 0) : laidOut(own.entries);
  const factors = loraEntries(layout.entries);
  const lora = createLoraTuner(transformer, settings, own === null ? null : { ranks: own.ranks, entries: factors });
  const places = svdPlaces(layout);
  return {
    readsVector: () => true,
    atRanks: (other) => createSvdLoraTuner(transformer, settings, other),
    forward(values, batch, options) {
      const isWhole = values[wholeMethod] !== undefined;
      const vector = isWhole ? partOf(values[wholeMethod] as tf.Tensor1D, 0, layout.numValues) : joinTuned(layout, values);
      const indices = places.upload(transformer, own === null);
      const scales = tf.gather(tf.concat1d([vector, tf.ones([1])]), indices.scales);
      const parts = tf.gather(vector, indices.factors);
      const pass = lora.forward({ [wholeMethod]: tf.mul(parts, scales) }, batch, options);
      return {
        ...pass,
        backward(dLast): TunedValues {
          const dFactors = pass.backward(dLast)[wholeMethod] as tf.Tensor1D;
          const ofScales = tf.mul(dFactors, parts);
          const sums = indices.rows.map((rows) => tf.sum<tf.Tensor1D>(tf.gather(ofScales, rows), 1));
          const gradient = tf.gather(tf.concat1d([tf.mul(dFactors, scales), ...sums]), indices.values);
          return isWhole ? { [wholeMethod]: gradient } : splitTuned(layout, gradient);
        },
      };
    },
  };
}

/** LoRA's factors of the same ranks: Q's names become A's, P's B's. */
function loraEntries(entries: readonly TunedEntry[]): TunedEntry[] {
  return entries.filter(({ name }) => isSvdName(name) && !name.endsWith("/e")).map((entry) => ({ ...entry, name: loraName(entry.name) }));
}

function loraName(name: string): string {
  const stem = `lora/${name.slice("svdLora/".length, -1)}`;
  return name.endsWith("/q") ? `${stem}a` : `${stem}b`;
}
