import type * as tf from "@tensorflow/tfjs-core";
import { type Linear, linear, linearGradient } from "../kernels/linear.ts";

/** A frozen difference beside one product of a layer: two thin maps one behind the other, one of the whole size, or both. Owns its tensors. */
export interface FrozenProduct {
  readonly factors: { readonly a: Linear; readonly b: Linear } | null;
  readonly dense: Linear | null;
}

/** The frozen differences of a backbone's matrices beside LoRA's own, on the backend, for every layer, group and product. */
export interface Residual {
  readonly layers: readonly (readonly (readonly (FrozenProduct | null)[])[])[];
  dispose(): void;
}

/** What a product with a frozen difference reads and adds. */
interface FrozenCall {
  readonly numRows: number;
  readonly residual: tf.Tensor2D | null;
  readonly isTraining?: boolean;
}

/** x (rows, in), which more rows may follow → its product with the difference + residual; the residual alone where there is no difference. */
export function besideProduct(
  x: tf.Tensor2D,
  frozen: FrozenProduct | null | undefined,
  { numRows, residual, isTraining = false }: FrozenCall,
): tf.Tensor2D | null {
  const { dense = null, factors = null } = frozen ?? {};
  const sum = dense === null ? residual : linear(x, dense, { numRows, isTraining, residual });
  return factors === null ? sum : linear(linear(x, factors.a, { numRows, isTraining }), factors.b, { numRows, isTraining, residual: sum });
}

/** dY (rows, out) → its part of dX + residual; the residual alone where there is no difference. */
export function besideGradient(
  dy: tf.Tensor2D,
  frozen: FrozenProduct | null | undefined,
  { numRows, residual }: FrozenCall,
): tf.Tensor2D | null {
  const { dense = null, factors = null } = frozen ?? {};
  const sum = dense === null ? residual : linearGradient(dy, dense, { numRows, residual });
  return factors === null ? sum : linearGradient(linearGradient(dy, factors.b, { numRows }), factors.a, { residual: sum });
}
