import * as tf from "@tensorflow/tfjs-core";
import type { TokenBatch } from "../backbone/batch.ts";
import { layerForward } from "../backbone/layer.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { normalize } from "../kernels/norm.ts";
import { hasVectorMaps, normOver, shift } from "../kernels/vectorMaps.ts";
import { newVector, trainedNormGradient } from "../kernels/weightGradient.ts";
import { chain, type Part, product, scaled, sideBySide } from "./differentiable.ts";
import { createLayerTuner, type LayerParts, type Place } from "./differentiableLayer.ts";
import { activation, type Slot, trainedLinear, trainedNorm } from "./differentiableTrained.ts";
import { fullLayerBackward, fullPlan, weightsOver } from "./fullLayers.ts";
import { joinTuned, splitTuned, tunedLayout } from "./layout.ts";
import { tokenRows } from "./prefix.ts";
import { type TunedPass, type Tuner, type TunerOptions, wholeMethod } from "./tuner.ts";

/**
 * Full fine-tuning (Devlin et al. 2019, https://arxiv.org/abs/1810.04805): every matrix, bias and norm of the layers, and the norm after the
 * last one, is W + Δ with Δ trained from zero. Unlike there, the embeddings with their norm and the language-model head stay frozen, nothing
 * is dropped out, and weight decay draws Δ to zero, which is towards the pretrained weights.
 */
export function createFullTuner(transformer: Transformer): Tuner {
  const { config } = transformer;
  const layout = tunedLayout(config, { method: "full", head: "labelWords" }, 0);
  const frozenNames = layout.entries.map(({ name }) => name.slice("full/".length));
  const byName = createLayerTuner(transformer, {
    layer: (_, index, place) => trainedLayer(`layers.${index}`, place),
    finalNorm: transformer.finalNorm === null ? undefined : (place) => norm("norm", place),
  });
  const readsVector = () => hasVectorMaps(layout.entries.map(({ shape }) => shape));

  function forwardVector(values: tf.Tensor1D, batch: TokenBatch, { hasGradient, past }: TunerOptions): TunedPass {
    const { layers, finalNorm, vector } = fullPlan(config, layout, tf.getBackend() === "webgpu");
    const arranged = shift(values, transformer.unpackedVector(frozenNames), vector);
    const { x, context } = transformer.start(batch, { prefixes: null, firstPosition: past?.position ?? 0, hasGradient, past });
    const weights = layers.map((layer) => weightsOver(arranged, layer, config.layerNormEpsilon));
    const states = [x];
    const passes = weights.map((layer, index) => {
      const pass = layerForward(states[index], null, layer, context);
      states.push(pass.y);
      return pass;
    });
    const end = states[config.numLayers];
    const lastNorm = finalNorm === null ? null : normOver(arranged, finalNorm, config.layerNormEpsilon);
    const normed = lastNorm === null ? null : normalize(end, lastNorm);
    return {
      ...tokenRows(batch, states),
      last: normed?.y ?? end,
      states,
      backward(dLast) {
        const into = newVector(layout.numValues);
        const numRows = x.shape[0];
        let dy: tf.Tensor2D | null = dLast;
        if (normed !== null && lastNorm !== null && finalNorm !== null) {
          dy = trainedNormGradient(dLast, normed, lastNorm, { places: finalNorm, into, numRows, residual: null });
        }
        for (let index = config.numLayers - 1; index >= 0 && dy !== null; index--) {
          const here = { x: states[index], pass: passes[index], layer: layers[index], weights: weights[index] };
          dy = fullLayerBackward(dy, { ...here, context, scale: vector.scale, into, hasInputGradient: index > 0 });
        }
        return { [wholeMethod]: into };
      },
    };
  }

  return {
    readsVector,
    forward(values, batch, options) {
      if (!readsVector()) return byName.forward(values, batch, options);
      const whole = values[wholeMethod];
      const pass = forwardVector((whole as tf.Tensor1D | undefined) ?? joinTuned(layout, values), batch, options);
      if (whole !== undefined) return pass;
      return { ...pass, backward: (dLast) => splitTuned(layout, pass.backward(dLast)[wholeMethod] as tf.Tensor1D) };
    },
  };
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
