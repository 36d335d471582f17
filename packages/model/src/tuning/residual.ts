import { isResidualName, type LoraOwn, type Params, residualPrefix, type Tensor } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import { uploadRows } from "../backbone/weights.ts";
import { roundedWidth } from "../kernels/blockMaps.ts";
import { disposeLinear, type Linear } from "../kernels/linear.ts";
import type { FrozenProduct, Residual } from "./frozenProducts.ts";
import { type LoraProduct, loraGroups } from "./loraPlan.ts";
import type { Tuner } from "./tuner.ts";

/** Uploads the tensors `residual/<layer>/<matrix>/…` for a LoRA of these settings, whose scale they have. Throws, naming the tensor, where one does not fit. */
export function uploadResidual(config: BackboneConfig, settings: LoraOwn, params: Params): Residual {
  const [groups] = loraGroups(config, settings); // every layer has the same
  const own = Object.fromEntries(Object.entries(params).filter(([name]) => isResidualName(name)));
  requireKnown(
    own,
    config.numLayers,
    groups.flatMap(({ frozen }) => frozen.flatMap((product) => product?.matrices ?? [])),
  );
  const layers = Array.from({ length: config.numLayers }, (_, layer) =>
    groups.map(({ frozen }) => frozen.map((product) => (product === null ? null : uploadProduct(product, own, layer)))),
  );
  const maps = layers.flat(2).flatMap((product) => [product?.factors?.a, product?.factors?.b, product?.dense]);
  return {
    layers,
    dispose() {
      for (const map of maps) if (map !== undefined && map !== null) disposeLinear(map);
    },
  };
}

/** The tuner's residual among these parameters; null where they have none. */
export function residualAmong(tuner: Tuner, params: Params | null): Residual | null {
  const name = Object.keys(params ?? {}).find(isResidualName);
  if (params === null || name === undefined) return null;
  if (tuner.uploadResidual === undefined) throw new Error(`tensor ${name}: only LoRA has frozen differences beside it`);
  return tuner.uploadResidual(params);
}

/** Works with a tuned backbone as these parameters make it: with their residual, which it releases, or with the method for these very values. */
export async function withResidual<T extends { readonly tuner: Tuner }, R>(
  tuned: T,
  params: Params | null,
  use: (tuned: T) => Promise<R>,
): Promise<R> {
  const own = params === null ? undefined : tuned.tuner.ofParams?.(params);
  if (own !== undefined) return use({ ...tuned, tuner: own });
  const residual = residualAmong(tuned.tuner, params);
  if (residual === null) return use(tuned);
  try {
    return await use({ ...tuned, residual });
  } finally {
    residual.dispose();
  }
}

function uploadProduct(product: LoraProduct, params: Params, layer: number): FrozenProduct | null {
  const at = (matrix: string, form: string) => {
    const name = `${residualPrefix}${layer}/${matrix}/${form}`;
    const tensor = params[name];
    return tensor === undefined ? [] : [{ name, tensor }];
  };
  const thin = product.matrices.flatMap((matrix) => {
    const [[a], [b]] = [at(matrix.name, "a"), at(matrix.name, "b")];
    if (a === undefined || b === undefined) return [];
    const [rank] = a.tensor.shape;
    requireShape(a, [rank, product.numIn]);
    requireShape(b, [matrix.numRows, rank]);
    return [{ ...matrix, a: a.tensor, b: b.tensor }];
  });
  const whole = product.matrices.flatMap((matrix) =>
    at(matrix.name, "dense").map((dense) => {
      requireShape(dense, [matrix.numRows, product.numIn]);
      return { ...matrix, dense: dense.tensor };
    }),
  );
  if (thin.length === 0 && whole.length === 0) return null;
  return {
    factors: thin.length === 0 ? null : uploadFactors(product, thin),
    dense: whole.length === 0 ? null : uploadDense(product, whole),
  };
}

type Matrix = LoraProduct["matrices"][number];

/** Every a one above the other, and every b at its rows and the columns of its a: one pair of maps for all matrices of the product. */
function uploadFactors(
  { numIn, numOut }: LoraProduct,
  matrices: readonly (Matrix & { readonly a: Tensor; readonly b: Tensor })[],
): NonNullable<FrozenProduct["factors"]> {
  const width = roundedWidth(matrices.reduce((sum, { a }) => sum + a.shape[0], 0));
  const [a, b] = [new Float32Array(width * numIn), new Float32Array(numOut * width)];
  let first = 0;
  for (const { row, factor, numRows, ...own } of matrices) {
    const [rank] = own.a.shape;
    a.set(
      own.a.data.map((value) => factor * value),
      first * numIn,
    );
    for (let i = 0; i < numRows; i++) b.set(own.b.data.subarray(i * rank, (i + 1) * rank), (row + i) * width + first);
    first += rank;
  }
  return {
    a: uploadRows({ shape: [width, numIn], data: a }, null, "packed"),
    b: uploadRows({ shape: [numOut, width], data: b }, null, "packed"),
  };
}

function uploadDense({ numIn, numOut }: LoraProduct, matrices: readonly (Matrix & { readonly dense: Tensor })[]): Linear {
  const data = new Float32Array(numOut * numIn);
  for (const { row, factor, dense } of matrices)
    data.set(
      dense.data.map((value) => factor * value),
      row * numIn,
    );
  return uploadRows({ shape: [numOut, numIn], data }, null, "packed");
}

function requireKnown(params: Params, numLayers: number, matrices: readonly Matrix[]): void {
  const known = new Set(matrices.map(({ name }) => name));
  for (const name of Object.keys(params)) {
    const [, layer, matrix, form = ""] = /^residual\/(\d+)\/(\w+)\/(a|b|dense)$/.exec(name) ?? [];
    if (matrix === undefined || !known.has(matrix) || Number(layer) >= numLayers) {
      throw new Error(
        `tensor ${name}: a residual of layers 0 to ${numLayers - 1} and ${[...known].join(", ")}, which LoRA has here, is expected`,
      );
    }
    const other = form === "a" ? "b" : "a";
    if (form !== "dense" && params[`${residualPrefix}${layer}/${matrix}/${other}`] === undefined) {
      throw new Error(`tensor ${name}: found it without its ${other}, expected both factors`);
    }
  }
}

function requireShape({ name, tensor }: { readonly name: string; readonly tensor: Tensor }, expected: readonly number[]): void {
  if (tensor.shape.join() === expected.join()) return;
  throw new Error(`tensor ${name}: shape [${tensor.shape.join(",")}], expected [${expected.join(",")}]`);
}
