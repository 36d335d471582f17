import * as tf from "@tensorflow/tfjs-core";
import { addSigns, type Movement, omitNames, type Params, perturbedOffsets, pickNames, shapesOf, sortedNames } from "@tutti/core";
import { layerForward } from "../backbone/layer.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { type LayerWeights, loadNorm } from "../backbone/weights.ts";
import type { Expansion } from "../kernels/feedForward.ts";
import { type Linear, stackBiases } from "../kernels/linear.ts";
import { movesInPlace, moveVector } from "../kernels/moveSigns.ts";
import { normalize } from "../kernels/norm.ts";
import type { PackedLinear } from "../kernels/packedLinear.ts";
import { laidOut } from "../tuning/layout.ts";
import { tokenRows } from "../tuning/prefix.ts";
import type { Tuner } from "../tuning/tuner.ts";
import type { Tuned } from "./gradient.ts";
import { meanLoss } from "./meanLoss.ts";
import { perturbedBackbone, perturbedHead } from "./perturbedWeights.ts";
import type { PerturbedModel } from "./seedTraining.ts";

/** Whether products on the current backend add Δ and its perturbation to every matrix while they read it. */
export function hasMovedProducts(transformer: Transformer): boolean {
  if (tf.getBackend() !== "webgpu" || !movesInPlace()) return false;
  return tf.tidy(() => Array.from({ length: transformer.config.numLayers }, (_, index) => transformer.layer(index)).every(isPacked));
}

function isPacked({ qkv, output, expansion, down }: LayerWeights): boolean {
  const first = expansion.kind === "interleaved" ? [] : expansion.kind === "gated" ? [expansion.gate, expansion.up] : [expansion.up];
  return [qkv, output, down, ...first].every(({ layout }) => layout === "packed");
}

/**
 * All weights of the layers, W + (Δ + amount · z): W stays packed as it is, Δ is one vector on the GPU that is moved in place, and the sum exists in no buffer, since each
 * product makes it while it reads W. Biases and norms, which are small, are made for each pass. `start` is left alone; `restore` releases the vector.
 */
export function movedWeights(tuned: Tuned, backbone: PackedBackbone, start: Params): PerturbedModel {
  const offsets = perturbedOffsets(shapesOf(start));
  const headEntries = tuned.layout.entries.filter(({ name }) => !name.startsWith("full/"));
  const layout = laidOut(headEntries);
  const headNames = headEntries.map(({ name }) => name);
  const vectors = Object.fromEntries(
    Object.entries(start).flatMap(([name, { shape, data }]) => (isMatrix(name, shape) ? [] : [[name, { shape, data: data.slice() }]])),
  );
  const delta = tf.tensor1d(endToEnd(start));
  return {
    lossAt(movement, examples, signal) {
      const small = perturbedBackbone(backbone, omitNames(vectors, headNames), { movement, offsets });
      const head = perturbedHead(pickNames(vectors, headNames), { movement, offsets });
      const tuner = movedTuner(tuned.transformer, { small, delta, movement, offsets });
      return meanLoss({ ...tuned, layout, tuner }, head, examples, signal);
    },
    move({ seed, amount }) {
      moveVector(delta, { seed, amount }, 0);
      for (const [name, { data }] of Object.entries(vectors)) addSigns(data, amount, { seed, offset: offsets[name] ?? 0 });
    },
    restore: () => delta.dispose(),
  };
}

const isMatrix = (name: string, shape: readonly number[]) => name.startsWith("full/") && shape.length > 1;

/** All values in the order in which signs number them. */
function endToEnd(params: Params): Float32Array {
  const parts = sortedNames(params).map((name) => params[name]?.data ?? new Float32Array(0));
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

interface Moved {
  /** The backbone with its biases and norms moved. */
  readonly small: PackedBackbone;
  readonly delta: tf.Tensor1D;
  readonly movement: Movement;
  readonly offsets: Readonly<Record<string, number>>;
}

function movedTuner(transformer: Transformer, moved: Moved): Tuner {
  const { numLayers } = transformer.config;
  const { small } = moved;
  return {
    forward(_, batch, { hasGradient, past }) {
      if (hasGradient) throw new Error("weights that products move have no gradient");
      const { x, context } = transformer.start(batch, { prefixes: null, firstPosition: past?.position ?? 0, hasGradient, past });
      const states = [x];
      for (let index = 0; index < numLayers; index++)
        states.push(layerForward(states[index] ?? x, null, movedLayer(transformer.layer(index), index, moved), context).y);
      const end = states[numLayers] ?? x;
      const last = small.has("norm.weight") ? normalize(end, loadNorm(small, "norm")).y : end;
      return { ...tokenRows(batch, states), last, states, backward: () => ({}) };
    },
  };
}

function movedLayer(layer: LayerWeights, index: number, moved: Moved): LayerWeights {
  const here = `layers.${index}`;
  const { small } = moved;
  const [attention, feedForward] = [`${here}.attention`, `${here}.feedForward`];
  const scales = [1 / Math.sqrt(small.config.headSize), 1, 1];
  const expansionOf = (): Expansion => {
    const { expansion } = layer;
    const [gate, up] = [`${feedForward}.gate`, `${feedForward}.up`];
    if (expansion.kind === "plain") return { kind: "plain", up: movedMap(expansion.up, [up], moved) };
    if (expansion.kind === "gated")
      return { kind: "gated", gate: movedMap(expansion.gate, [gate], moved), up: movedMap(expansion.up, [up], moved) };
    return { kind: "interleaved", gateUp: movedMap(expansion.gateUp, [gate, up], moved, { isInterleaved: true }) };
  };
  return {
    qkv: movedMap(
      layer.qkv,
      ["query", "key", "value"].map((part) => `${attention}.${part}`),
      moved,
      { scales },
    ),
    output: movedMap(layer.output, [`${attention}.output`], moved),
    attentionNorm: loadNorm(small, `${attention}.norm`),
    expansion: expansionOf(),
    down: movedMap(layer.down, [`${feedForward}.down`], moved),
    feedForwardNorm: loadNorm(small, `${feedForward}.norm`),
  };
}

/** The map with what its product adds to W, and with its bias moved; `scales` are those of the bias's parts. */
function movedMap(
  map: Linear,
  names: readonly string[],
  { small, delta, movement, offsets }: Moved,
  { scales = names.map(() => 1), isInterleaved = false }: { readonly scales?: readonly number[]; readonly isInterleaved?: boolean } = {},
): PackedLinear {
  if (map.layout !== "packed") throw new Error(`${names.join(", ")}: products move packed weights alone`);
  const heights = names.map((name) => small.packed(`${name}.weight`).shape[0] ?? 0);
  const biases = names.map((name) => (small.has(`${name}.bias`) ? small.tensor(`${name}.bias`) : null));
  const bias = stackBiases(biases, heights, scales);
  const starts = names.map((name) => offsets[`full/${name}.weight`] ?? 0);
  const form = { ...map.form, firstBias: 0 };
  return {
    ...map,
    form,
    bias: bias === null ? null : tf.tensor1d(bias.data),
    moved: { ...movement, delta, starts, heights, isInterleaved },
  };
}
