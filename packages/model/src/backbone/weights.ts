import * as tf from "@tensorflow/tfjs";
import { createLinear, disposeLinear, type Linear, stackLinears } from "../kernels/linear.ts";
import { disposeNorm, type Norm } from "../kernels/norm.ts";
import type { PackedBackbone } from "./packed.ts";

/** One transformer layer's frozen weights, unpacked. */
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
export function loadLayer(backbone: PackedBackbone, index: number): LayerWeights {
  const here = `layers.${index}`;
  const names = ["query", "key", "value"].map((part) => `${here}.attention.${part}`);
  return {
    qkv: stackLinears(
      names.map((name) => backbone.tensor(`${name}.weight`)),
      names.map((name) => optional(backbone, `${name}.bias`)),
      [1 / Math.sqrt(backbone.config.headSize), 1, 1],
    ),
    output: loadLinear(backbone, `${here}.attention.output`),
    attentionNorm: loadNorm(backbone, `${here}.attention.norm`),
    gate: backbone.has(`${here}.feedForward.gate.weight`) ? loadLinear(backbone, `${here}.feedForward.gate`) : null,
    up: loadLinear(backbone, `${here}.feedForward.up`),
    down: loadLinear(backbone, `${here}.feedForward.down`),
    feedForwardNorm: loadNorm(backbone, `${here}.feedForward.norm`),
  };
}

/** Uploads `<name>.weight` and, where there is one, `<name>.bias`. */
export function loadLinear(backbone: PackedBackbone, name: string): Linear {
  return createLinear(backbone.tensor(`${name}.weight`), optional(backbone, `${name}.bias`));
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
