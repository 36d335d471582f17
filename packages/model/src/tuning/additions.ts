import * as tf from "@tensorflow/tfjs-core";
import { type LayerAddition, type LayerPass, layerBackward, layerForward } from "../backbone/layer.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { type BlockPlan, blockMaps } from "../kernels/blockMaps.ts";
import type { Linear } from "../kernels/linear.ts";
import { normalize, normalizeGradient } from "../kernels/norm.ts";
import { joinTuned, splitTuned, type TunedLayout } from "./layout.ts";
import { tokenRows } from "./prefix.ts";
import { type TunedPass, type TunedValues, type Tuner, type TunerOptions, wholeMethod } from "./tuner.ts";

/** A unit of a method's values, as one forward pass uses it. */
export interface Unit {
  readonly plan: BlockPlan;
  /** The unit's maps, in the plan's order. */
  readonly maps: readonly Linear[];
  readonly hasGradient: boolean;
  /** Takes the gradient of the unit's values. */
  receive(gradient: tf.Tensor1D): void;
}

/** A plan whose units belong to layers that follow each other, each of which has as many; to all layers by default. */
export interface LayersPlan extends BlockPlan {
  readonly layers?: { readonly first: number; readonly count: number };
}

/** A method that adds products with trained blocks to each layer. */
export interface AddingMethod {
  /** The values of the method alone. */
  readonly layout: TunedLayout;
  /** A layer's values are those of its units in the first plan, then in the second, …. */
  readonly plans: readonly LayersPlan[];
  readonly drawsInputs?: boolean;
  /** The addition to a layer, from its units in the order of their values. */
  addition(units: readonly Unit[], layer: number, options: TunerOptions): LayerAddition;
}

/** A tuner for products that are added to the frozen layers. The text's positions start at 0. */
export function createAddingTuner(transformer: Transformer, { layout, plans, drawsInputs = false, addition }: AddingMethod): Tuner {
  const { finalNorm, config } = transformer;
  return {
    readsVector: () => true,
    drawsInputs,
    forward(values, batch, options): TunedPass {
      const { hasGradient, past } = options;
      const { x, context } = transformer.start(batch, { prefixes: null, firstPosition: past?.position ?? 0, hasGradient, past });
      const isWhole = values[wholeMethod] !== undefined;
      const vector = isWhole ? (values[wholeMethod] as tf.Tensor1D) : joinTuned(layout, values);
      const byLayer = unitsByLayer(vector, plans, config.numLayers);
      const gradients = byLayer.map((): tf.Tensor1D[] => []);
      const units = byLayer.map((ofLayer, layer) =>
        ofLayer.map((unit, i): Unit => {
          const receive = (gradient: tf.Tensor1D) => {
            gradients[layer][i] = gradient;
          };
          return { ...unit, hasGradient, receive };
        }),
      );
      const lowest = byLayer.findIndex((ofLayer) => ofLayer.length > 0); // nothing below it needs a gradient
      const states = [x];
      const passes: LayerPass[] = [];
      for (let layer = 0; layer < config.numLayers; layer++) {
        const own = addition(units[layer], layer, options);
        passes.push(layerForward(states[layer], null, transformer.layer(layer), context, own));
        states.push(passes[layer].y);
      }
      const normed = finalNorm === null ? null : normalize(states[config.numLayers], finalNorm);
      return {
        ...tokenRows(batch, states),
        last: normed?.y ?? states[config.numLayers],
        states,
        backward(dLast): TunedValues {
          let dy = normed === null || finalNorm === null ? dLast : normalizeGradient(dLast, normed, finalNorm);
          for (let layer = config.numLayers - 1; lowest >= 0 && layer >= lowest; layer--) {
            dy = layerBackward(dy, passes[layer], transformer.layer(layer), context, layer > lowest).dx ?? dy;
          }
          const whole = lowest < 0 ? tf.tensor1d([]) : tf.concat1d(gradients.flat());
          return isWhole ? { [wholeMethod]: whole } : splitTuned(layout, whole);
        },
      };
    },
  };
}

/** Each layer's units: those of the first plan, then of the second, …. */
function unitsByLayer(vector: tf.Tensor1D, plans: readonly LayersPlan[], numLayers: number): Pick<Unit, "plan" | "maps">[][] {
  const all = plans.map((plan) => {
    const { first, count } = plan.layers ?? { first: 0, count: numLayers };
    return { plan, units: blockMaps(vector, plan), first, perLayer: plan.numUnits / count };
  });
  return Array.from({ length: numLayers }, (_, layer) =>
    all.flatMap(({ plan, units, first, perLayer }) => {
      const at = (layer - first) * perLayer;
      return at < 0 ? [] : units.slice(at, at + perLayer).map((maps) => ({ plan, maps }));
    }),
  );
}
