import { nearestFactors } from "../../lowRank/nearestFactors.ts";
import { type Params, type Tensor, zeros } from "../../params.ts";
import { createRandom } from "../../random.ts";
import { residualPrefix } from "../../residualParams.ts";
import { denseOf, isSparseName, numSparse, sparseNameOf, sparsePlaces } from "../../sparseParams.ts";
import { type LoraPair, loraPairs } from "../../tunings/loraFactors.ts";
import { type LoraOwn, loraMatrices } from "../../tunings/loraMatrices.ts";
import { hasFactors, type TuningSettings } from "../../tunings/table.ts";
import type { TunedShape } from "../../tunings/tuned.ts";

/** What the sparse rounds train in place of each pair of factors: some elements of the matrix. Everything else is trained in both stages. */
export function sparseShape(shape: TunedShape): TunedShape {
  const layerNames = shape.layerNames.map((names) => inPlaceOfPairs(names));
  return { ...shape, layerNames, alwaysShared: inPlaceOfPairs(shape.alwaysShared) };
}

function inPlaceOfPairs(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    if (!name.startsWith("lora/")) return [name];
    return name.endsWith("/b") ? [sparseNameOf(name)] : [];
  });
}

/** Zeros for every matrix's trained elements. */
export function sparseStart(shape: TunedShape, factors: Params, density: number): Params {
  const entries = loraPairs(shape).map((pair): [string, Tensor] => {
    const [numRows, numColumns] = sizesOf(pair, factors);
    return [sparseNameOf(pair.b), zeros([numSparse(numRows * numColumns, density)])];
  });
  return Object.fromEntries(entries);
}

/** A run as its matrices are scaled and its mask is drawn. */
export interface SparseRun {
  readonly seed: number;
  readonly tuning: TuningSettings;
}

/** LoRA's factors with the trained elements as a dense difference of the frozen weights, at LoRA's scale: how a run in its sparse rounds is used. */
export function asResidual(
  run: SparseRun,
  shape: TunedShape,
  { factors, sparse }: { readonly factors: Params; readonly sparse: Params },
): Params {
  const dense = loraPairs(shape).map((pair): [string, Tensor] => [
    `${residualPrefix}${pair.b.slice("lora/".length, -"/b".length)}/dense`,
    differenceOf(pair, { run, factors, sparse, factor: 1 / scaleOf(run, pair) }),
  ]);
  return { ...factors, ...Object.fromEntries(dense) };
}

/**
 * The switch: of each matrix's difference D the nearest one of LoRA's rank, D ≈ U s Vᵀ, as B = U s over LoRA's scale and A = Vᵀ; the matrix is the
 * pretrained one again.
 */
export function factorsOfDifferences(
  run: SparseRun,
  shape: TunedShape,
  { factors, sparse }: { readonly factors: Params; readonly sparse: Params },
): Params {
  const random = createRandom(run.seed);
  const found = loraPairs(shape).flatMap((pair): [string, Tensor][] => {
    const difference = differenceOf(pair, { run, factors, sparse, factor: 1 });
    const stream = random.stream({ stage: "train", purpose: `switch/${pair.b}` });
    const { a, b } = nearestFactors(difference, factors[pair.a].shape[0], stream);
    const scale = scaleOf(run, pair);
    return [
      [pair.a, a],
      [pair.b, { shape: b.shape, data: b.data.map((value) => value / scale) }],
    ];
  });
  return Object.fromEntries(found);
}

interface Difference {
  readonly run: SparseRun;
  /** For the matrices' sizes. */
  readonly factors: Params;
  readonly sparse: Params;
  readonly factor: number;
}

function differenceOf(pair: LoraPair, { run, factors, sparse, factor }: Difference): Tensor {
  const name = sparseNameOf(pair.b);
  const values = sparse[name];
  const shape = sizesOf(pair, factors);
  const places = sparsePlaces(createRandom(run.seed), { name, count: values.shape[0], size: shape[0] * shape[1] });
  return denseOf(values, places, shape, factor);
}

/** (out, in) of the pair's matrix. */
function sizesOf({ a, b }: LoraPair, factors: Params): readonly [number, number] {
  return [factors[b].shape[0], factors[a].shape[1]];
}

function scaleOf({ tuning }: SparseRun, { b }: LoraPair): number {
  if (!hasFactors(tuning)) throw new Error(`tensor ${b}: tuning.method ${tuning.method} has no factors, lora is expected`);
  const [, , matrix] = b.split("/");
  const found = loraMatrices(tuning as LoraOwn).find(({ name }) => name === matrix);
  if (found === undefined) throw new Error(`tensor ${b}: ${matrix} is not among tuning.targets`);
  return found.scale;
}

/** The parts of W in a sparse round: elements of matrices, and what both stages train. */
export function sparsePart(params: Params): { readonly sparse: Params; readonly others: Params } {
  const entries = Object.entries(params);
  const only = (isWanted: boolean) => Object.fromEntries(entries.filter(([name]) => isSparseName(name) === isWanted));
  return { sparse: only(true), others: only(false) };
}
