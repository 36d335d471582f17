/** A dense array of 32-bit floats in row-major order; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Named tensors, such as `prefix/3` of shape (2, P, W): keys then values, P prompt tokens, key/value width W. */
export type Params = Readonly<Record<string, Tensor>>;

/** Shapes by parameter name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** Number of values of a tensor of this shape; the empty shape is a scalar and has one. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** A tensor over `data`, which is not copied; throws unless its length is the product of `shape`. */
export function createTensor(shape: readonly number[], data: Float32Array, name = "tensor"): Tensor {
  const size = sizeOf(shape);
  if (data.length !== size) throw new Error(`tensor ${name}: shape [${shape.join(",")}] needs ${size} floats, received ${data.length}`);
  return { shape, data };
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return { shape, data: new Float32Array(sizeOf(shape)) };
}

/** Zeros under the same names and shapes. */
export function zerosLike(params: Params): Params {
  return mapParams(params, (tensor) => zeros(tensor.shape));
}

/** Number of values in all tensors together. */
export function numValues(params: Params): number {
  return Object.values(params).reduce((sum, tensor) => sum + tensor.data.length, 0);
}

/** Every tensor's shape. */
export function shapesOf(params: Params): Shapes {
  return Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape]));
}

/** Names in order of their UTF-16 code units, the order of everything that is hashed or sent. */
export function sortedNames(params: Params): string[] {
  return Object.keys(params).sort();
}

/** The named tensors, not copied, in the order of `names`; throws when one is missing. */
export function pickNames(params: Params, names: readonly string[]): Params {
  return Object.fromEntries(names.map((name) => [name, tensorOf(params, name)]));
}

/** Every tensor but the named ones, not copied. */
export function omitNames(params: Params, names: readonly string[]): Params {
  const omitted = new Set(names);
  return Object.fromEntries(Object.entries(params).filter(([name]) => !omitted.has(name)));
}

/** The tensor of this name; throws when there is none. */
function tensorOf(params: Params, name: string): Tensor {
  if (!Object.hasOwn(params, name)) throw new Error(`tensor ${name} is missing; there are: ${sortedNames(params).join(", ") || "none"}`);
  return params[name];
}

/** Applies `change` to each tensor. */
export function mapParams(params: Params, change: (tensor: Tensor, name: string) => Tensor): Params {
  return Object.fromEntries(Object.entries(params).map(([name, tensor]) => [name, change(tensor, name)]));
}

/** Whether both hold the same names with the same shapes, in whatever order. */
export function sameShapes(a: Params, b: Params): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && sameShape(a[name].shape, b[name].shape));
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** a + b. */
export function add(a: Params, b: Params): Params {
  return combine(a, b, 1);
}

/** a − b. */
export function subtract(a: Params, b: Params): Params {
  return combine(a, b, -1);
}

/** factor · params. */
export function scale(params: Params, factor: number): Params {
  return mapParams(params, ({ shape, data }) => {
    const out = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) out[i] = data[i] * factor;
    return { shape, data: out };
  });
}

function combine(a: Params, b: Params, factor: number): Params {
  requireSameShapes(a, b);
  return mapParams(a, ({ shape, data }, name) => {
    const other = b[name].data;
    const out = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) out[i] = data[i] + factor * other[i];
    return { shape, data: out };
  });
}

/** Σ weights[i] · list[i], summed in float64 in the order given and rounded once; throws when the list is empty. */
export function weightedSum(list: readonly Params[], weights: readonly number[]): Params {
  if (list.length === 0) throw new Error("weightedSum: nothing to sum");
  if (list.length !== weights.length) throw new Error(`weightedSum: ${list.length} parameter sets but ${weights.length} weights`);
  for (const params of list) requireSameShapes(list[0], params);
  return mapParams(list[0], ({ shape, data }, name) => {
    const sum = new Float64Array(data.length);
    for (let p = 0; p < list.length; p++) {
      const values = list[p][name].data;
      const weight = weights[p];
      for (let i = 0; i < sum.length; i++) sum[i] += weight * values[i];
    }
    return { shape, data: Float32Array.from(sum) };
  });
}

/** Throws, naming the first difference, unless both hold the same names and shapes. */
export function requireSameShapes(a: Params, b: Params): void {
  if (a === b || sameShapes(a, b)) return;
  for (const name of [...sortedNames(a), ...sortedNames(b)]) {
    const expected = Object.hasOwn(a, name) ? `[${a[name].shape.join(",")}]` : "absent";
    const found = Object.hasOwn(b, name) ? `[${b[name].shape.join(",")}]` : "absent";
    if (expected !== found) throw new Error(`tensor ${name}: expected ${expected}, found ${found}`);
  }
}

/** Euclidean norm over all values of all tensors, in float64. */
export function norm(params: Params): number {
  let sum = 0;
  for (const { data } of Object.values(params)) {
    for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
  }
  return Math.sqrt(sum);
}

/** Largest magnitude of all values, 0 for none; NaN if any value is NaN. */
export function maxMagnitude(params: Params): number {
  let largest = 0;
  for (const { data } of Object.values(params)) {
    for (let i = 0; i < data.length; i++) {
      const magnitude = Math.abs(data[i]);
      if (magnitude > largest) largest = magnitude;
      else if (Number.isNaN(magnitude)) return magnitude;
    }
  }
  return largest;
}

/** All values as little-endian f32, tensors in name order: what a hash of the parameters is taken over. */
export function nameOrderedBytes(params: Params): Uint8Array {
  const bytes = new Uint8Array(4 * numValues(params));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const name of sortedNames(params)) {
    const { data } = params[name];
    for (let i = 0; i < data.length; i++, at += 4) view.setFloat32(at, data[i], true);
  }
  return bytes;
}
