/** A dense array of 32-bit floats in row-major order; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Named tensors, such as `prefix/3` of shape (2, P, W): keys then values, P prompt tokens, key/value width W. */
export type Params = Readonly<Record<string, Tensor>>;
