import type * as tf from "@tensorflow/tfjs-core";
import type { BackboneConfig } from "../backbone/config.ts";
import type { LayerPass, PassContext } from "../backbone/layer.ts";
import type { LayerWeights } from "../backbone/weights.ts";
import { attendGradient } from "../kernels/attention.ts";
import { expansionGradients } from "../kernels/feedForward.ts";
import { linearGradient } from "../kernels/linear.ts";
import { rotateGradient } from "../kernels/rotary.ts";
import { createVectorPlanner, linearOver, normOver } from "../kernels/vectorMaps.ts";
import type { MapPart, VectorMap, VectorNorm, VectorPlan } from "../kernels/vectorPlan.ts";
import { trainedNormGradient, weightGradient } from "../kernels/weightGradient.ts";
import type { TunedLayout } from "./layout.ts";

/** Where the weights of a layer lie in the vector of all trained values. */
export interface FullLayer {
  readonly qkv: VectorMap;
  readonly output: VectorMap;
  readonly attentionNorm: VectorNorm;
  /** Both factors of a gated expansion in one map, or its `up`, then its `gate`. */
  readonly expansion: readonly VectorMap[];
  readonly down: VectorMap;
  readonly feedForwardNorm: VectorNorm;
}

/** Where all trained weights of a backbone lie. */
export interface FullPlan {
  readonly layers: readonly FullLayer[];
  readonly finalNorm: VectorNorm | null;
  readonly vector: VectorPlan;
}

/** The plan of full fine-tuning for the current backend. */
export function fullPlan(config: BackboneConfig, { entries }: TunedLayout, isInterleaved: boolean): FullPlan {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const startOf = (name: string) => byName.get(`full/${name}`)?.start ?? null;
  const planner = createVectorPlanner();
  const partOf = (name: string): MapPart & { readonly numIn: number } => {
    const entry = byName.get(`full/${name}.weight`);
    if (entry === undefined) throw new Error(`full fine-tuning: ${name}.weight is not among the trained parameters`);
    return { weight: entry.start, bias: startOf(`${name}.bias`), numRows: entry.shape[0], numIn: entry.shape[1] };
  };
  const map = (names: readonly string[], form: { readonly isInterleaved?: boolean; readonly isScaled?: boolean } = {}) => {
    const parts = names.map(partOf);
    return planner.map(parts, parts[0].numIn, form);
  };
  const norm = (name: string) => {
    const weight = startOf(`${name}.weight`);
    return weight === null ? null : planner.norm(config.hiddenSize, weight, startOf(`${name}.bias`));
  };
  const layerNorm = (name: string): VectorNorm => {
    const found = norm(name);
    if (found === null) throw new Error(`full fine-tuning: ${name}.weight is not among the trained parameters`);
    return found;
  };
  const layers = Array.from({ length: config.numLayers }, (_, index): FullLayer => {
    const [attention, feedForward] = [`layers.${index}.attention`, `layers.${index}.feedForward`];
    const [gate, up] = [`${feedForward}.gate`, `${feedForward}.up`];
    const isGated = byName.has(`full/${gate}.weight`);
    return {
      qkv: map(
        ["query", "key", "value"].map((part) => `${attention}.${part}`),
        { isScaled: true },
      ),
      output: map([`${attention}.output`]),
      attentionNorm: layerNorm(`${attention}.norm`),
      expansion: isGated && isInterleaved ? [map([gate, up], { isInterleaved })] : (isGated ? [up, gate] : [up]).map((name) => map([name])),
      down: map([`${feedForward}.down`]),
      feedForwardNorm: layerNorm(`${feedForward}.norm`),
    };
  });
  return { layers, finalNorm: norm("norm"), vector: planner.plan(1 / Math.sqrt(config.headSize)) };
}

/** A layer's weights over the arranged vector. */
export function weightsOver(arranged: tf.Tensor1D, layer: FullLayer, epsilon: number): LayerWeights {
  const [up, gate] = layer.expansion.map((map) => linearOver(arranged, map));
  return {
    qkv: linearOver(arranged, layer.qkv),
    output: linearOver(arranged, layer.output),
    attentionNorm: normOver(arranged, layer.attentionNorm, epsilon),
    expansion:
      gate !== undefined
        ? { kind: "gated", gate, up }
        : layer.expansion[0].isInterleaved && up.layout === "packed"
          ? { kind: "interleaved", gateUp: up }
          : { kind: "plain", up },
    down: linearOver(arranged, layer.down),
    feedForwardNorm: normOver(arranged, layer.feedForwardNorm, epsilon),
  };
}

/** A layer's pass with what its gradient reads and fills. */
interface FullLayerPass {
  readonly x: tf.Tensor2D;
  readonly pass: LayerPass;
  readonly layer: FullLayer;
  readonly weights: LayerWeights;
  readonly context: PassContext;
  readonly scale: number;
  /** The gradients of all trained values. */
  readonly into: tf.Tensor1D;
  readonly hasInputGradient: boolean;
}

/** dY → dX, which more rows may follow, as they may dY; null without `hasInputGradient`. The gradients of the weights go to their places. */
export function fullLayerBackward(dy: tf.Tensor2D, full: FullLayerPass): tf.Tensor2D | null {
  const { x, pass, layer, weights, context, scale, into, hasInputGradient } = full;
  const numRows = x.shape[0];
  const isAfter = !context.config.isCausal;
  const fill = (map: VectorMap, dz: tf.Tensor2D, read: tf.Tensor2D) => weightGradient(dz, read, map, { into, numRows, scale });
  const throughNorm = (name: "attentionNorm" | "feedForwardNorm", d: tf.Tensor2D, residual: tf.Tensor2D | null) =>
    trainedNormGradient(d, pass[name], weights[name], { places: layer[name], into, numRows, residual });

  const dTotal = isAfter ? throughNorm("feedForwardNorm", dy, null) : dy;
  fill(layer.down, dTotal, pass.hidden.y);
  const read = isAfter ? pass.attentionNorm.y : pass.feedForwardNorm.y;
  let dInner = isAfter ? dTotal : null;
  for (const [i, { map, dz }] of expansionGradients(dTotal, pass.hidden, weights, { numRows }).entries()) {
    fill(layer.expansion[i], dz, read);
    dInner = linearGradient(dz, map, { residual: dInner });
  }
  if (dInner === null) throw new Error("an expansion has at least one product");
  const dSum = isAfter ? throughNorm("attentionNorm", dInner, null) : throughNorm("feedForwardNorm", dInner, dTotal);
  fill(layer.output, dSum, pass.attended.y);
  const dAttended = linearGradient(dSum, weights.output, { numRows });
  const { rotation, shape, seen } = context;
  const { dQkv: dTurned } = attendGradient(dAttended, pass.attended, seen, { shape, hasInputGradient: true });
  if (dTurned === null) throw new Error("attention gave no gradient of its input");
  const dQkv = rotation === null ? dTurned : rotateGradient(dTurned, rotation, shape);
  fill(layer.qkv, dQkv, isAfter ? x : pass.attentionNorm.y);
  if (isAfter) return hasInputGradient ? linearGradient(dQkv, weights.qkv, { residual: dSum }) : null;
  return throughNorm("attentionNorm", linearGradient(dQkv, weights.qkv), dSum);
}
