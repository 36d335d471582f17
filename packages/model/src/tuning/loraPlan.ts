import { type LoraMatrix, type LoraOwn, loraMatrices, loraShape } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import { type BlockMap, roundedWidth } from "../kernels/blockMaps.ts";
import type { LayersPlan } from "./additions.ts";
import { backboneSizes } from "./layout.ts";

/** Matrices that read the same, as the layer computes them: one product for queries, keys and values, and one for each of the others. */
const groups = [
  { place: "queryKeyValue", products: [["q", "k", "v"]] },
  { place: "outputProduct", products: [["o"]] },
  { place: "expansion", products: [["up"], ["gate"]] },
  { place: "contraction", products: [["down"]] },
] as const;

/** Where in a layer matrices read the same. */
export type LoraPlace = (typeof groups)[number]["place"];

/**
 * The differences of matrices that read the same: a plan whose first map is every A one above the other, and whose other maps are the B of
 * each product, at the columns that its A have in the first.
 */
export interface LoraGroup {
  readonly place: LoraPlace;
  /** Among the places that have differences in the run. */
  readonly site: number;
  readonly plan: LayersPlan;
  /** The map of each product in the plan; null where it has no difference. */
  readonly products: readonly (number | null)[];
  /** For frozen differences beside each product; null where it has no difference. */
  readonly frozen: readonly (LoraProduct | null)[];
}

/** A product of a layer with the matrices in it that have differences. */
export interface LoraProduct {
  readonly numIn: number;
  readonly numOut: number;
  readonly matrices: readonly {
    /** In parameter names, such as `query`. */
    readonly name: string;
    /** Its first row among the product's results. */
    readonly row: number;
    readonly numRows: number;
    /** What its difference is multiplied by. */
    readonly factor: number;
  }[];
}

/** The rank of a run's matrix in a layer, at most the run's; 0 where the layer has no difference of it. */
export type LoraRanks = (layer: number, matrix: Pick<LoraMatrix, "name" | "rank">) => number;

interface Sized extends LoraMatrix {
  readonly numOut: number;
  readonly numIn: number;
}

/** A matrix with its place in a layer's values and among its group's columns. */
interface Placed extends Sized {
  /** Where A begins in the group's values; B follows it. */
  readonly start: number;
  /** The first row of A in the group's first map. */
  readonly row: number;
}

/**
 * Each layer's groups that have differences, in the order of its values; layers that follow each other with the same ranks share theirs. Without
 * `ranks` every layer has the run's, each A at a row that products of eight begin with, as runs have always computed; with them no row is left over.
 */
export function loraGroups(config: BackboneConfig, settings: LoraOwn, ranks?: LoraRanks): LoraGroup[][] {
  const matrices = loraMatrices(settings).map((matrix): Sized => {
    const shape = loraShape(matrix, backboneSizes(config));
    if (shape === null) throw new Error(`LoRA on ${matrix.target}: a backbone of the family ${config.family} has no such matrix`);
    return { ...matrix, numOut: shape[0], numIn: shape[1] };
  });
  const sites = groups.filter(({ products }) => matrices.some((matrix) => isIn(products, matrix)));
  let start = 0;
  return spansOf(config.numLayers, matrices, ranks).flatMap(({ first, count, own }) => {
    const stride = own.reduce((sum, matrix) => sum + valuesOf(matrix), 0);
    const span = { config, own, sites, start, stride, layers: { first, count }, isTight: ranks !== undefined };
    start += count * stride;
    const ofSpan = groupsOf(span);
    return Array.from({ length: count }, () => ofSpan);
  });
}

/** Layers that follow each other and have the same ranks, with the matrices that have differences there. */
function spansOf(numLayers: number, matrices: readonly Sized[], ranks: LoraRanks = (_, { rank }) => rank) {
  const spans: { readonly first: number; count: number; readonly own: readonly Sized[] }[] = [];
  for (let layer = 0; layer < numLayers; layer++) {
    const own = matrices.map((matrix) => ({ ...matrix, rank: ranks(layer, matrix) })).filter(({ rank }) => rank > 0);
    const before = spans.at(-1);
    const isSame = before?.own.length === own.length && own.every(({ target, rank }, i) => isLike(before.own[i], { target, rank }));
    if (before !== undefined && isSame) before.count += 1;
    else spans.push({ first: layer, count: 1, own });
  }
  return spans;
}

function isLike(one: Pick<Sized, "target" | "rank">, { target, rank }: Pick<Sized, "target" | "rank">): boolean {
  return one.target === target && one.rank === rank;
}

type Group = (typeof groups)[number];

function isIn(products: readonly (readonly string[])[], { target }: Pick<Sized, "target">): boolean {
  return products.some((targets) => targets.includes(target));
}

/** Layers with the same matrices, and where their values begin. */
interface Span {
  readonly config: BackboneConfig;
  readonly own: readonly Sized[];
  readonly sites: readonly Group[];
  readonly start: number;
  /** Values of a layer. */
  readonly stride: number;
  readonly layers: { readonly first: number; readonly count: number };
  readonly isTight: boolean;
}

function groupsOf({ config, own, sites, start, stride, layers, isTight }: Span): LoraGroup[] {
  let first = start;
  return sites.flatMap(({ place, products }, site): LoraGroup[] => {
    const { placed, width } = placedIn(
      own.filter((matrix) => isIn(products, matrix)),
      isTight,
    );
    if (placed.length === 0) return [];
    const numValues = placed.reduce((sum, matrix) => sum + valuesOf(matrix), 0);
    const maps: BlockMap[] = [
      { numIn: placed[0].numIn, numOut: width, blocks: placed.map((matrix) => aBlock(matrix, config)), bias: null },
    ];
    const mapOf = products.map((targets): number | null => {
      const ofProduct = placed.filter((matrix) => isIn([targets], matrix));
      return ofProduct.length === 0 ? null : maps.push(productMap(ofProduct, width, config)) - 1;
    });
    const frozen = products.map((targets, i) => {
      const at = mapOf[i];
      const ofProduct = placed.filter((matrix) => isIn([targets], matrix));
      return at === null ? null : productOf(ofProduct, maps[at], config);
    });
    const plan = { maps, numValues, numUnits: layers.count, within: { first, stride }, layers };
    first += numValues;
    return [{ place, site, plan, products: mapOf, frozen }];
  });
}

function valuesOf({ rank, numIn, numOut }: Pick<Placed, "rank" | "numIn" | "numOut">): number {
  return rank * (numIn + numOut);
}

function placedIn(matrices: readonly Sized[], isTight: boolean): { placed: Placed[]; width: number } {
  let [start, row] = [0, 0];
  const placed = matrices.map((matrix) => {
    const at = { ...matrix, start, row };
    start += valuesOf(matrix);
    row += isTight ? matrix.rank : roundedWidth(matrix.rank);
    return at;
  });
  return { placed, width: roundedWidth(row) };
}

function aBlock(matrix: Placed, config: BackboneConfig): BlockMap["blocks"][number] {
  const { start, row, rank, numIn } = matrix;
  return { start, row, column: 0, numRows: rank, numColumns: numIn, factor: factorOf(matrix, config) };
}

/** The frozen queries are divided by √headSize too. */
function factorOf({ target, scale }: Placed, { headSize }: BackboneConfig): number {
  return target === "q" ? scale / Math.sqrt(headSize) : scale;
}

function productOf(own: readonly Placed[], { numOut, blocks }: BlockMap, config: BackboneConfig): LoraProduct {
  const matrices = own.map((matrix, i) => ({
    name: matrix.name,
    row: blocks[i].row,
    numRows: matrix.numOut,
    factor: factorOf(matrix, config),
  }));
  return { numIn: own[0].numIn, numOut, matrices };
}

/** Every B of a product at the rows of its results. */
function productMap(own: readonly Placed[], width: number, config: BackboneConfig): BlockMap {
  const [queries, values] = [config.numHeads * config.headSize, config.numKeyValueHeads * config.headSize];
  const isFused = own.some(({ target }) => target === "q" || target === "k" || target === "v");
  const firstRow = ({ target }: Placed) => (target === "k" ? queries : target === "v" ? queries + values : 0);
  return {
    numIn: width,
    numOut: isFused ? queries + 2 * values : own[0].numOut,
    blocks: own.map((matrix) => ({
      start: matrix.start + matrix.rank * matrix.numIn,
      row: firstRow(matrix),
      column: matrix.row,
      numRows: matrix.numOut,
      numColumns: matrix.rank,
      factor: 1,
    })),
    bias: null,
  };
}
