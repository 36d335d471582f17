import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tutti/core";
import { packingFor, packTensor } from "@tutti/core";
import type { Expansion } from "../kernels/feedForward.ts";
import { createLinear, disposeLinear, type Linear, stackBiases, stackLinears } from "../kernels/linear.ts";
import { disposeNorm, type Norm } from "../kernels/norm.ts";
import { createPackedLinear, hasPackedProducts, interleavePacked, stackPacked } from "../kernels/packedLinear.ts";
import type { PackedBackbone } from "./packed.ts";

/** Whether matrices stay packed where the backend multiplies by packed ones, or are unpacked to f32 in any case. */
export type WeightForm = "packed" | "unpacked";

/** One transformer layer's frozen weights on the backend. */
export interface LayerWeights {
  /** Queries (divided by √headSize), keys and values in one product: (H + 2W, H). */
  readonly qkv: Linear;
  readonly output: Linear;
  readonly attentionNorm: Norm;
  /** H → intermediate, activated. */
  readonly expansion: Expansion;
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
    expansion: loadExpansion(backbone, `${here}.feedForward`, form),
    down: loadLinear(backbone, `${here}.feedForward.down`, form),
    feedForwardNorm: loadNorm(backbone, `${here}.feedForward.norm`),
  };
}

/** Uploads `<name>.weight` and, where there is one, `<name>.bias`. */
export function loadLinear(backbone: PackedBackbone, name: string, form: WeightForm = "packed"): Linear {
  const [weight, bias] = [`${name}.weight`, optional(backbone, `${name}.bias`)];
  return staysPacked(form) ? createPackedLinear(backbone.packed(weight), bias) : createLinear(backbone.tensor(weight), bias);
}

/** Whether matrices go to the backend as they are stored. */
export function staysPacked(form: WeightForm): boolean {
  return form === "packed" && hasPackedProducts();
}

/** Rows of W of their own, packed as f32 where the other matrices stay packed too. */
export function uploadRows(weight: Tensor, bias: Tensor | null, form: WeightForm): Linear {
  return staysPacked(form)
    ? createPackedLinear(packTensor(weight.shape, weight.data, packingFor("f32")), bias)
    : createLinear(weight, bias);
}

function loadExpansion(backbone: PackedBackbone, feedForward: string, form: WeightForm): Expansion {
  const [gate, up] = [`${feedForward}.gate`, `${feedForward}.up`];
  if (!backbone.has(`${gate}.weight`)) return { kind: "plain", up: loadLinear(backbone, up, form) };
  if (staysPacked(form) && !backbone.has(`${gate}.bias`) && !backbone.has(`${up}.bias`)) {
    const interleaved = interleavePacked(backbone.packed(`${gate}.weight`), backbone.packed(`${up}.weight`));
    if (interleaved !== null) return { kind: "interleaved", gateUp: createPackedLinear(interleaved, null) };
  }
  return { kind: "gated", gate: loadLinear(backbone, gate, form), up: loadLinear(backbone, up, form) };
}

function loadQkv(backbone: PackedBackbone, attention: string, form: WeightForm): Linear {
  const names = ["query", "key", "value"].map((part) => `${attention}.${part}`);
  const scales = [1 / Math.sqrt(backbone.config.headSize), 1, 1];
  const biases = names.map((name) => optional(backbone, `${name}.bias`));
  if (staysPacked(form)) {
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
  for (const map of [layer.qkv, layer.output, ...mapsOf(layer.expansion), layer.down]) disposeLinear(map);
  disposeNorm(layer.attentionNorm);
  disposeNorm(layer.feedForwardNorm);
}

function mapsOf(expansion: Expansion): Linear[] {
  if (expansion.kind === "interleaved") return [expansion.gateUp];
  return expansion.kind === "gated" ? [expansion.gate, expansion.up] : [expansion.up];
}

function optional(backbone: PackedBackbone, name: string) {
  return backbone.has(name) ? backbone.tensor(name) : null;
}
