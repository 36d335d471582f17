import * as tf from "@tensorflow/tfjs-core";
import { type Activation, activate } from "../kernels/activation.ts";
import { firstRows } from "../kernels/linear.ts";
import { type Norm, type Normed, normalize, normalizeGradient } from "../kernels/norm.ts";
import { multiply } from "../kernels/product.ts";
import { frozen, type Part } from "./differentiable.ts";

/** A trained tensor, and where its gradient goes. */
export interface Slot<T extends tf.Tensor = tf.Tensor> {
  readonly value: T;
  receive(gradient: T): void;
}

/** x · Wᵀ + b of x's first `numRows` rows, W (out, in) and b (out) trained. */
export function trainedLinear(weight: Slot<tf.Tensor2D>, bias: Slot<tf.Tensor1D> | null, numRows: number): Part {
  return {
    isTrained: true,
    trace(all) {
      const x = firstRows(all, numRows);
      const y = multiply(x, weight.value, { b: true });
      return {
        y: bias === null ? y : tf.add(y, bias.value),
        backward(dy, hasInputGradient) {
          weight.receive(multiply(dy, x, { a: true }));
          bias?.receive(tf.sum(dy, 0));
          return hasInputGradient ? multiply(dy, weight.value) : null;
        },
      };
    },
  };
}

/** LayerNorm, or RMSNorm without a bias, whose weight and bias (width) are trained. */
export function trainedNorm(weight: Slot<tf.Tensor1D>, bias: Slot<tf.Tensor1D> | null, form: Pick<Norm, "kind" | "epsilon">): Part {
  const norm: Norm = { ...form, weight: weight.value, bias: bias?.value ?? null };
  return {
    isTrained: true,
    trace(x) {
      const normed = normalize(x, norm);
      return {
        y: normed.y,
        backward(dy, hasInputGradient) {
          weight.receive(tf.sum(tf.mul(dy, standardOf(normed, norm)), 0));
          bias?.receive(tf.sum(dy, 0));
          return hasInputGradient ? normalizeGradient(dy, normed, norm) : null;
        },
      };
    },
  };
}

/** f(x), and dY ⊙ f′(x). */
export function activation(kind: Activation, hasGradient: boolean): Part {
  return frozen(
    (x) => {
      const { y, derivative } = activate(x, kind, hasGradient);
      return { y, kept: derivative };
    },
    (dy, derivative) => {
      if (derivative === null) throw new Error("this pass was made without hasGradient");
      return tf.mul(dy, derivative);
    },
  );
}

/** x̂, which a norm scales by its weight; computed again where the pass kept x alone. */
function standardOf({ kept }: Normed, norm: Norm): tf.Tensor2D {
  const [x, inverse] = kept;
  if (inverse !== undefined) return x;
  return normalize(x, { ...norm, weight: tf.onesLike(norm.weight), bias: norm.bias === null ? null : tf.zerosLike(norm.bias) }).y;
}
