import { type LoraMatrix, type LoraOwn, loraMatrices, loraShape } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import { type BlockMap, type BlockPlan, roundedWidth } from "../kernels/blockMaps.ts";
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
  readonly plan: BlockPlan;
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

/** A matrix with its place in a layer's values and among its group's columns. */
interface Placed extends LoraMatrix {
  readonly numOut: number;
  readonly numIn: number;
  /** Where A begins in the group's values; B follows it. */
  readonly start: number;
  /** The first row of A in the group's first map, one that every backend likes. */
  readonly row: number;
}

/** The groups that have differences, in the order of a layer's values. */
export function loraGroups(config: BackboneConfig, settings: LoraOwn): LoraGroup[] {
  const matrices = loraMatrices(settings).map((matrix) => {
    const shape = loraShape(matrix, backboneSizes(config));
    if (shape === null) throw new Error(`LoRA on ${matrix.target}: a backbone of the family ${config.family} has no such matrix`);
    return { ...matrix, numOut: shape[0], numIn: shape[1] };
  });
  const stride = matrices.reduce((sum, matrix) => sum + valuesOf(matrix), 0);
  let first = 0;
  return groups.flatMap(({ place, products }): LoraGroup[] => {
    const placed = placedIn(matrices.filter(({ target }) => products.some((targets) => targets.some((one) => one === target))));
    if (placed.length === 0) return [];
    const numValues = placed.reduce((sum, matrix) => sum + valuesOf(matrix), 0);
    const width = placed.reduce((sum, { rank }) => sum + roundedWidth(rank), 0);
    const maps: BlockMap[] = [
      { numIn: placed[0].numIn, numOut: width, blocks: placed.map((matrix) => aBlock(matrix, config)), bias: null },
    ];
    const mapOf = products.map((targets): number | null => {
      const own = placed.filter(({ target }) => targets.some((one) => one === target));
      return own.length === 0 ? null : maps.push(productMap(own, width, config)) - 1;
    });
    const frozen = products.map((targets, i) => {
      const at = mapOf[i];
      return at === null
        ? null
        : productOf(
            placed.filter(({ target }) => targets.some((one) => one === target)),
            maps[at],
            config,
          );
    });
    const within = { first, stride };
    first += numValues;
    return [{ place, plan: { maps, numValues, numUnits: config.numLayers, within }, products: mapOf, frozen }];
  });
}

function valuesOf({ rank, numIn, numOut }: Pick<Placed, "rank" | "numIn" | "numOut">): number {
  return rank * (numIn + numOut);
}

function placedIn(matrices: readonly Omit<Placed, "start" | "row">[]): Placed[] {
  let [start, row] = [0, 0];
  return matrices.map((matrix) => {
    const placed = { ...matrix, start, row };
    start += valuesOf(matrix);
    row += roundedWidth(matrix.rank);
    return placed;
  });
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
