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

/** A method that adds products with trained blocks to each layer. */
export interface AddingMethod {
  /** The values of the method alone. */
  readonly layout: TunedLayout;
  /** Each layer has as many units of a plan. A layer's values are those of the first plan, then of the second, …. */
  readonly plans: readonly BlockPlan[];
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
      const { hasGradient } = options;
      const { x, context } = transformer.start(batch, { prefixes: null, firstPosition: 0, hasGradient });
      const isWhole = values[wholeMethod] !== undefined;
      const vector = isWhole ? (values[wholeMethod] as tf.Tensor1D) : joinTuned(layout, values);
      const gradients: tf.Tensor1D[] = [];
      const units = unitsByLayer(vector, plans, config.numLayers).map((ofLayer, layer) =>
        ofLayer.map((unit, i): Unit => {
          const receive = (gradient: tf.Tensor1D) => {
            gradients[layer * ofLayer.length + i] = gradient;
          };
          return { ...unit, hasGradient, receive };
        }),
      );
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
          for (let layer = config.numLayers - 1; layer >= 0; layer--) {
            dy = layerBackward(dy, passes[layer], transformer.layer(layer), context, layer > 0).dx ?? dy;
          }
          const whole = tf.concat1d(gradients);
          return isWhole ? { [wholeMethod]: whole } : splitTuned(layout, whole);
        },
      };
    },
  };
}

/** Each layer's units: those of the first plan, then of the second, …. */
function unitsByLayer(vector: tf.Tensor1D, plans: readonly BlockPlan[], numLayers: number): Pick<Unit, "plan" | "maps">[][] {
  const all = plans.map((plan) => ({ plan, units: blockMaps(vector, plan), perLayer: plan.numUnits / numLayers }));
  return Array.from({ length: numLayers }, (_, layer) =>
    all.flatMap(({ plan, units, perLayer }) => units.slice(layer * perLayer, (layer + 1) * perLayer).map((maps) => ({ plan, maps }))),
  );
}
