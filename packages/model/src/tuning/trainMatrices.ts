import * as tf from "@tensorflow/tfjs-core";

/** The matrices of several tensor trains of the same shapes, and the way back to their cores. */
export interface TrainMatrices {
  /** (trains, values of a matrix), row-major. */
  readonly matrices: tf.Tensor2D;
  /** d matrices → the gradient of the cores (trains, values of a train's cores). */
  backward(dMatrices: tf.Tensor2D): tf.Tensor2D;
}

/**
 * G_1[:, a_1, :] … G_D[:, a_D, :] for all indices (LoRETTA, equation 1), of all trains at once. `cores` (trains, values) holds each train's cores of
 * these shapes end to end; the first and the last rank are 1.
 */
export function trainMatrices(cores: tf.Tensor2D, shapes: readonly (readonly [number, number, number])[]): TrainMatrices {
  const numTrains = cores.shape[0];
  let start = 0;
  const wide = shapes.map(([left, factor, right]) => {
    const size = left * factor * right;
    const core = tf.slice2d(cores, [0, start], [numTrains, size]);
    start += size;
    return tf.reshape<tf.Rank.R3>(core, [numTrains, left, factor * right]);
  });
  // products of the cores up to each one, (trains, k_1 … k_i, r_i)
  const products = [narrowed(wide[0], shapes[0])];
  for (let i = 1; i < shapes.length; i++) products.push(narrowed(tf.matMul(products[i - 1], wide[i]), shapes[i]));
  return {
    matrices: tf.reshape(products[shapes.length - 1], [numTrains, -1]),
    backward(dMatrices) {
      const gradients: tf.Tensor2D[] = [];
      let dProduct: tf.Tensor = dMatrices;
      for (let i = shapes.length - 1; i > 0; i--) {
        const [, factor, right] = shapes[i];
        const dWide = tf.reshape<tf.Rank.R3>(dProduct, [numTrains, -1, factor * right]);
        gradients.unshift(tf.reshape(tf.matMul(turned(products[i - 1]), dWide), [numTrains, -1]));
        dProduct = tf.matMul(dWide, turned(wide[i]));
      }
      return tf.concat2d([tf.reshape(dProduct, [numTrains, -1]), ...gradients], 1);
    },
  };
}

/** (trains, rows, k r) → (trains, rows · k, r). */
function narrowed(x: tf.Tensor3D, [, , right]: readonly [number, number, number]): tf.Tensor3D {
  return tf.reshape(x, [x.shape[0], -1, right]);
}

function turned(x: tf.Tensor3D): tf.Tensor3D {
  return tf.transpose(x, [0, 2, 1]);
}
