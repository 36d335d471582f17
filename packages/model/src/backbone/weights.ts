import * as tf from "@tensorflow/tfjs";
import { createLinear, disposeLinear, type Linear, stackBiases, stackLinears } from "../kernels/linear.ts";
import { disposeNorm, type Norm } from "../kernels/norm.ts";
import { createPackedLinear, hasPackedProducts, stackPacked } from "../kernels/packedLinear.ts";
import type { PackedBackbone } from "./packed.ts";

/** Whether matrices stay packed where the backend multiplies by packed ones, or are unpacked to f32 in any case. */
export type WeightForm = "packed" | "unpacked";

/** One transformer layer's frozen weights on the backend. */
export interface LayerWeights {
  /** Queries (divided by √headSize), keys and values in one product: (H + 2W, H). */
  readonly qkv: Linear;
  readonly output: Linear;
  readonly attentionNorm: Norm;
  /** SwiGLU's second factor, or null. */
  readonly gate: Linear | null;
  readonly up: Linear;
  readonly down: Linear;
  readonly feedForwardNorm: Norm;
}

/** Uploads the weights of layer `index`. */
export function loadLayer(backbone: PackedBackbone, index: number, form: WeightForm = "packed"): LayerWeights {
  const here = `layers.${index}`;
  return {
    qkv: loadQkv(backbone, `${here}.attention`, form),
    output: loadLinear(backbone, `${here}.attention.output`, form),
    attentionNorm: loadNorm(backbone, `${here}.attention.norm`),
    gate: backbone.has(`${here}.feedForward.gate.weight`) ? loadLinear(backbone, `${here}.feedForward.gate`, form) : null,
    up: loadLinear(backbone, `${here}.feedForward.up`, form),
    down: loadLinear(backbone, `${here}.feedForward.down`, form),
    feedForwardNorm: loadNorm(backbone, `${here}.feedForward.norm`),
  };
}

/** Uploads `<name>.weight` and, where there is one, `<name>.bias`. */
export function loadLinear(backbone: PackedBackbone, name: string, form: WeightForm = "packed"): Linear {
  const [weight, bias] = [`${name}.weight`, optional(backbone, `${name}.bias`)];
  return staysPacked(backbone, weight, form)
    ? createPackedLinear(backbone.packed(weight), bias)
    : createLinear(backbone.tensor(weight), bias);
}

/** Whether a matrix goes to the backend as it is stored. Those in f32 have nothing to gain and take the library's own product. */
export function staysPacked(backbone: PackedBackbone, name: string, form: WeightForm): boolean {
  return form === "packed" && hasPackedProducts() && backbone.packed(name).encoding !== "f32";
}

function loadQkv(backbone: PackedBackbone, attention: string, form: WeightForm): Linear {
  const names = ["query", "key", "value"].map((part) => `${attention}.${part}`);
  const scales = [1 / Math.sqrt(backbone.config.headSize), 1, 1];
  const biases = names.map((name) => optional(backbone, `${name}.bias`));
  if (names.every((name) => staysPacked(backbone, `${name}.weight`, form))) {
    const parts = names.map((name) => backbone.packed(`${name}.weight`));
    const heights = parts.map(({ shape }) => shape[0]);
    const stacked = stackPacked(parts);
    const scaledRows = { count: heights[0], factor: scales[0] };
    if (stacked !== null) return createPackedLinear(stacked, stackBiases(biases, heights, scales), { scaledRows });
  }
  return stackLinears(
    names.map((name) => backbone.tensor(`${name}.weight`)),
    biases,
    scales,
  );
}

/** Uploads a LayerNorm, or an RMSNorm when the backbone stores no bias for it. */
export function loadNorm(backbone: PackedBackbone, name: string): Norm {
  const bias = optional(backbone, `${name}.bias`);
  return {
    kind: bias === null ? "rms" : "layer",
    weight: tf.tensor1d(backbone.tensor(`${name}.weight`).data),
    bias: bias === null ? null : tf.tensor1d(bias.data),
    epsilon: backbone.config.layerNormEpsilon,
  };
}

/** Releases one layer. */
export function disposeLayer(layer: LayerWeights): void {
  for (const map of [layer.qkv, layer.output, layer.gate, layer.up, layer.down]) if (map !== null) disposeLinear(map);
  disposeNorm(layer.attentionNorm);
  disposeNorm(layer.feedForwardNorm);
}

function optional(backbone: PackedBackbone, name: string) {
  return backbone.has(name) ? backbone.tensor(name) : null;
}
