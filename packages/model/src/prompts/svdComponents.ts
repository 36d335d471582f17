import { componentsAt, type Params, type SvdTriplet, svdTriplets, type Tensor, tripletOf } from "@tutti/core";

/** The parameters without components that are dead, whose column of P, value of e and row of Q are 0; a matrix without any others is left out. */
export function withoutDead(params: Params): Params {
  const triplets = svdTriplets({ layerNames: [], alwaysShared: Object.keys(params) });
  return triplets.length === 0
    ? params
    : componentsAt(
        params,
        triplets,
        triplets.map((triplet) => livingOf(params, triplet)),
      );
}

/** The components of a matrix's difference that are alive, as LoRA's factors A = diag(e) Q and B = P; null where none is. */
export function factorsOf(params: Params, name: string): { readonly a: Tensor; readonly b: Tensor } | null {
  const { p, e, q } = tripletOf(name);
  const { [p]: left, [e]: values, [q]: right } = withoutDead(partsOf(params, { p, e, q }));
  if (left === undefined || values === undefined || right === undefined) return null;
  const [, width] = right.shape;
  return { b: left, a: { shape: right.shape, data: right.data.map((value, at) => values.data[Math.floor(at / width)] * value) } };
}

function partsOf(params: Params, { p, e, q }: SvdTriplet): Params {
  return Object.fromEntries([p, e, q].flatMap((name) => (params[name] === undefined ? [] : [[name, params[name]]])));
}

function livingOf(params: Params, { p, e, q }: SvdTriplet): number[] {
  const [left, values, right] = [params[p], params[e], params[q]];
  const [[numRows, rank], [, width]] = [left.shape, right.shape];
  return Array.from({ length: rank }, (_, c) => c).filter(
    (c) =>
      values.data[c] !== 0 ||
      right.data.subarray(c * width, (c + 1) * width).some((value) => value !== 0) ||
      Array.from({ length: numRows }, (_, row) => left.data[row * rank + c]).some((value) => value !== 0),
  );
}
