import * as tf from "@tensorflow/tfjs-core";
import { coreShapes, type TrainOwn, trainFactors } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { createAdapterTuner } from "./adapter.ts";
import { joinTuned, splitTuned, tunedLayout } from "./layout.ts";
import { trainMatrices } from "./trainMatrices.ts";
import { type Tuner, wholeMethod } from "./tuner.ts";

/**
 * Adapters whose matrices are tensor trains (LoRETTA, https://arxiv.org/abs/2402.11417): every step makes `down` and `up` of all adapters from their
 * cores, runs the plain adapters without biases, and takes the gradient of the matrices back to the cores.
 */
export function createTensorTrainTuner(transformer: Transformer, settings: TrainOwn): Tuner {
  const { config } = transformer;
  const [width, size] = [config.hiddenSize, settings.bottleneck];
  const layout = tunedLayout(config, { method: "tensorTrain", ...settings, head: "labelWords" }, 0);
  const shapes = coreShapes(trainFactors(width, settings) ?? [], settings.rank);
  const numCoreValues = shapes.reduce((sum, [left, factor, right]) => sum + left * factor * right, 0);
  const numUnits = 2 * config.numLayers;
  const adapters = createAdapterTuner(transformer, settings);
  const partOfUnits = (units: tf.Tensor2D, start: number, count: number) => tf.slice2d(units, [0, start], [numUnits, count]);
  const turned = (x: tf.Tensor, rows: number) =>
    tf.transpose(tf.reshape<tf.Rank.R3>(x, [numUnits, rows, x.size / numUnits / rows]), [0, 2, 1]);
  return {
    readsVector: () => true,
    forward(values, batch, options) {
      const isWhole = values[wholeMethod] !== undefined;
      const vector = isWhole ? (values[wholeMethod] as tf.Tensor1D) : joinTuned(layout, values);
      // an adapter's cores: those of `down` (width, bottleneck), then of `up` (width, bottleneck)
      const units = tf.reshape<tf.Rank.R2>(tf.slice1d(vector, 0, layout.numMethodValues), [numUnits, 2 * numCoreValues]);
      const [down, up] = [0, numCoreValues].map((start) => trainMatrices(partOfUnits(units, start, numCoreValues), shapes));
      const flat = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(x, [numUnits, x.size / numUnits]);
      const dense = [
        flat(turned(down.matrices, width)),
        tf.zeros<tf.Rank.R2>([numUnits, size]),
        up.matrices,
        tf.zeros<tf.Rank.R2>([numUnits, width]),
      ];
      const pass = adapters.forward({ [wholeMethod]: tf.reshape(tf.concat2d(dense, 1), [-1]) }, batch, options);
      return {
        ...pass,
        backward(dLast) {
          const dDense = flat(pass.backward(dLast)[wholeMethod]);
          const numDense = width * size;
          const dDown = flat(turned(partOfUnits(dDense, 0, numDense), size));
          const dUp = partOfUnits(dDense, numDense + size, numDense);
          const whole = tf.reshape<tf.Rank.R1>(tf.concat2d([down.backward(dDown), up.backward(dUp)], 1), [-1]);
          return isWhole ? { [wholeMethod]: whole } : splitTuned(layout, whole);
        },
      };
    },
  };
}
