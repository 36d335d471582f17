import * as tf from "@tensorflow/tfjs-core";
import type { Transformer } from "../backbone/transformer.ts";
import { chain, type Part, product, scaled, sideBySide } from "./differentiable.ts";
import { createLayerTuner, type LayerParts, type Place } from "./differentiableLayer.ts";
import { activation, type Slot, trainedLinear, trainedNorm } from "./differentiableTrained.ts";
import type { Tuner } from "./tuner.ts";

/**
 * Full fine-tuning (Devlin et al. 2019, https://arxiv.org/abs/1810.04805): every matrix, bias and norm of the layers, and the norm after the
 * last one, is W + Δ with Δ trained from zero. Unlike there, the embeddings with their norm and the language-model head stay frozen, nothing
 * is dropped out, and weight decay draws Δ to zero, which is towards the pretrained weights.
 */
export function createFullTuner(transformer: Transformer): Tuner {
  return createLayerTuner(transformer, {
    layer: (_, index, place) => trainedLayer(`layers.${index}`, place),
    finalNorm: transformer.finalNorm === null ? undefined : (place) => norm("norm", place),
  });
}

function trainedLayer(here: string, place: Place): LayerParts {
  const { config } = place.context;
  const [attention, feedForward] = [`${here}.attention`, `${here}.feedForward`];
  const act = activation(config.activation, place.context.hasGradient);
  const up = map(`${feedForward}.up`, place);
  const gate = `${feedForward}.gate`;
  const expansion = place.isTrained(`full/${gate}.weight`) ? product(chain(map(gate, place), act), up) : chain(up, act);
  const query = chain(map(`${attention}.query`, place), scaled(1 / Math.sqrt(config.headSize)));
  return {
    attentionNorm: norm(`${attention}.norm`, place),
    queryKeyValue: sideBySide(query, map(`${attention}.key`, place), map(`${attention}.value`, place)),
    attentionOutput: map(`${attention}.output`, place),
    feedForwardNorm: norm(`${feedForward}.norm`, place),
    feedForward: chain(expansion, map(`${feedForward}.down`, place)),
  };
}

function map(name: string, place: Place): Part {
  return trainedLinear(shifted(`${name}.weight`, place), biasOf(name, place), place.numRows);
}

function norm(name: string, place: Place): Part {
  const { config } = place.context;
  const bias = biasOf(name, place);
  return trainedNorm(shifted(`${name}.weight`, place), bias, { kind: bias === null ? "rms" : "layer", epsilon: config.layerNormEpsilon });
}

function biasOf(name: string, place: Place): Slot<tf.Tensor1D> | null {
  return place.isTrained(`full/${name}.bias`) ? shifted(`${name}.bias`, place) : null;
}

/** W + Δ, whose gradient is Δ's. */
function shifted<T extends tf.Tensor>(name: string, { transformer, slot }: Place): Slot<T> {
  const delta = slot<T>(`full/${name}`);
  return { ...delta, value: tf.add<T>(transformer.unpacked(name), delta.value) };
}
