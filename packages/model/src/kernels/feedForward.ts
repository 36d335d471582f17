import * as tf from "@tensorflow/tfjs-core";
import { type Activated, type Activation, activate } from "./activation.ts";
import { hasFused, runFused } from "./fusedKernels.ts";
import { type Linear, linear, linearGradient } from "./linear.ts";
import { type PackedLinear, packedLinear, packedLinearGradient } from "./packedLinear.ts";

/** The first product of a feed-forward branch: f(up x); f(gate x) ⊙ up x; or the latter from one packed matrix with rows gate₀, up₀, gate₁, …. */
export type Expansion =
  | { readonly kind: "plain"; readonly up: Linear }
  | { readonly kind: "gated"; readonly gate: Linear; readonly up: Linear }
  | { readonly kind: "interleaved"; readonly gateUp: PackedLinear };

/** f(product) (rows, width), with what the gradient needs. */
export interface ActivatedProduct {
  /** From a packed product followed by what the gradient multiplies with. */
  readonly y: tf.Tensor2D;
  /** f′, where it does not follow y. */
  readonly activated: Activated | null;
  /** SwiGLU: the factor that is not activated, where it does not follow y. */
  readonly factor: tf.Tensor2D | null;
}

interface ActivatedOptions {
  readonly activation: Activation;
  readonly numRows: number;
  readonly hasGradient: boolean;
}

/** f(x · Wᵀ + b) of x's first rows. */
export function activatedLinear(x: tf.Tensor2D, map: Linear, { activation, numRows, hasGradient }: ActivatedOptions): ActivatedProduct {
  if (map.layout === "packed") {
    return { y: packedLinear(x, map, { numRows, epilogue: activation, hasTail: hasGradient }), activated: null, factor: null };
  }
  const activated = activate(linear(x, map, { numRows }), activation, hasGradient);
  return { y: activated.y, activated, factor: null };
}

/** d f(z) (rows, width) → dz. */
export function activationGradient(dy: tf.Tensor2D, { y, activated }: ActivatedProduct): tf.Tensor2D {
  if (activated !== null) return tf.mul(dy, derivativeOf(activated));
  if (hasFused("TuttiTimesTail")) return runFused("TuttiTimesTail", { d: dy, kept: y }, {})[0] as tf.Tensor2D;
  return tf.mul(dy, tf.slice2d(y, [dy.shape[0], 0], dy.shape));
}

/** dY of what `down` made of an activated product → d of the product before its activation. */
export function productGradient(dy: tf.Tensor2D, product: ActivatedProduct, down: Linear): tf.Tensor2D {
  return product.activated === null
    ? throughDown(dy, product, down, "activation")
    : activationGradient(linearGradient(dy, down), product);
}

/** The branch's first product, activated. */
export function expand(x: tf.Tensor2D, expansion: Expansion, options: ActivatedOptions): ActivatedProduct {
  const { numRows, hasGradient, activation } = options;
  if (expansion.kind === "plain") return activatedLinear(x, expansion.up, options);
  if (expansion.kind === "interleaved") {
    return { y: packedLinear(x, expansion.gateUp, { numRows, epilogue: "swiglu", hasTail: hasGradient }), activated: null, factor: null };
  }
  const activated = activate(linear(x, expansion.gate, { numRows }), activation, hasGradient);
  const factor = linear(x, expansion.up, { numRows });
  return { y: tf.mul(activated.y, factor), activated, factor };
}

/** dY (rows, H), of what `down` made of the expansion → d(input of the branch) + residual. */
export function contractGradient(
  dy: tf.Tensor2D,
  product: ActivatedProduct,
  { expansion, down }: { readonly expansion: Expansion; readonly down: Linear },
  residual: tf.Tensor2D | null,
): tf.Tensor2D {
  if (expansion.kind === "interleaved") {
    return linearGradient(throughDown(dy, product, down, "swiglu"), expansion.gateUp, { residual });
  }
  if (expansion.kind === "plain" && product.activated === null) {
    return linearGradient(throughDown(dy, product, down, "activation"), expansion.up, { residual });
  }
  const dHidden = linearGradient(dy, down);
  if (expansion.kind === "plain") return linearGradient(activationGradient(dHidden, product), expansion.up, { residual });
  const { activated, factor } = product;
  if (activated === null || factor === null) throw new Error("a gated expansion keeps both its factors");
  const dGate = tf.mul<tf.Tensor2D>(tf.mul(dHidden, factor), derivativeOf(activated));
  return linearGradient(dGate, expansion.gate, {
    residual: linearGradient(tf.mul(dHidden, activated.y), expansion.up, { residual }),
  });
}

/** dY through `down` and the activation in one product; `down` may be unpacked though the expansion is not. */
function throughDown(dy: tf.Tensor2D, { y }: ActivatedProduct, down: Linear, epilogue: "activation" | "swiglu"): tf.Tensor2D {
  const numRows = dy.shape[0];
  if (down.layout === "packed") return packedLinearGradient(dy, down, { numRows, epilogue, kept: y });
  const dHidden = linearGradient(dy, down);
  const width = y.shape[1];
  if (epilogue === "activation") return tf.mul(dHidden, tf.slice2d(y, [numRows, 0], [numRows, width]));
  const factors = tf.reshape(tf.slice2d(y, [numRows, 0], [2 * numRows, width]), [numRows, width, 2]);
  return tf.reshape(tf.mul(tf.expandDims(dHidden, 2), factors), [numRows, 2 * width]);
}

function derivativeOf({ derivative }: Activated): tf.Tensor2D {
  if (derivative === null) throw new Error("this pass was made without hasGradient");
  return derivative;
}
