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
    ? throughDown(dy, product, { down, epilogue: "activation", numRows: dy.shape[0] })
    : linearGradientTimes(dy, down, product.activated);
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

/** A product of the expansion, and the gradient of its result. */
interface ExpandedGradient {
  readonly map: Linear;
  readonly dz: tf.Tensor2D;
}

/** Both matrices of the branch. */
interface Branch {
  readonly expansion: Expansion;
  readonly down: Linear;
}

/** dY (rows, H), of what `down` made of the expansion → d(input of the branch) + residual. */
export function contractGradient(dy: tf.Tensor2D, product: ActivatedProduct, branch: Branch, residual: tf.Tensor2D | null): tf.Tensor2D {
  return expansionGradients(dy, product, branch).reduce<tf.Tensor2D | null>(
    (sum, { map, dz }) => linearGradient(dz, map, { residual: sum }),
    residual,
  ) as tf.Tensor2D;
}

/** dY (at least numRows, H) → the gradients of the expansion's products: of one, or of `up` and `gate`. */
export function expansionGradients(
  dy: tf.Tensor2D,
  product: ActivatedProduct,
  { expansion, down }: Branch,
  numRows: number = dy.shape[0],
): readonly [ExpandedGradient, ...ExpandedGradient[]] {
  const { activated, factor } = product;
  if (expansion.kind === "interleaved") {
    return [{ map: expansion.gateUp, dz: throughDown(dy, product, { down, epilogue: "swiglu", numRows }) }];
  }
  if (expansion.kind === "plain") {
    const options = { down, epilogue: "activation", numRows } as const;
    const dz = activated === null ? throughDown(dy, product, options) : linearGradientTimes(dy, down, activated, numRows);
    return [{ map: expansion.up, dz }];
  }
  const dHidden = linearGradient(dy, down, { numRows });
  if (activated === null || factor === null) throw new Error("a gated expansion keeps both its factors");
  const dGate = tf.mul<tf.Tensor2D>(tf.mul(dHidden, factor), derivativeOf(activated));
  return [
    { map: expansion.up, dz: tf.mul(dHidden, activated.y) },
    { map: expansion.gate, dz: dGate },
  ];
}

/** dY through `down` and an activation that was kept beside its product. */
function linearGradientTimes(dy: tf.Tensor2D, down: Linear, activated: Activated, numRows: number = dy.shape[0]): tf.Tensor2D {
  const derivative = derivativeOf(activated);
  return down.layout === "packed"
    ? tf.mul(linearGradient(dy, down, { numRows }), derivative)
    : linearGradient(dy, down, { numRows, factor: derivative });
}

/** dY through `down` and the activation in one product; `down` may be unpacked though the expansion is not. */
function throughDown(
  dy: tf.Tensor2D,
  { y }: ActivatedProduct,
  { down, epilogue, numRows }: { readonly down: Linear; readonly epilogue: "activation" | "swiglu"; readonly numRows: number },
): tf.Tensor2D {
  if (down.layout === "packed") return packedLinearGradient(dy, down, { numRows, epilogue, kept: y });
  const dHidden = linearGradient(dy, down, { numRows });
  const width = y.shape[1];
  if (epilogue === "activation") return tf.mul(dHidden, tf.slice2d(y, [numRows, 0], [numRows, width]));
  const factors = tf.reshape(tf.slice2d(y, [numRows, 0], [2 * numRows, width]), [numRows, width, 2]);
  return tf.reshape(tf.mul(tf.expandDims(dHidden, 2), factors), [numRows, 2 * width]);
}

function derivativeOf({ derivative }: Activated): tf.Tensor2D {
  if (derivative === null) throw new Error("this pass was made without hasGradient");
  return derivative;
}
