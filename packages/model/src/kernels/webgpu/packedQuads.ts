import { notFlat } from "./gpuKernel.ts";
import { finishSource } from "./packedEpilogue.ts";
import { movedSource } from "./packedMovement.ts";
import type { PackedProduct, PackedSource, ProductRows } from "./packedProgram.ts";
import { numGroupsSource, rowWordsSource, scaleForm, unpackingSource } from "./packedUnpacking.ts";

/** Columns of the result that an invocation computes, four apart: those between belong to its neighbours. */
const numColumns = 8;
const quadSize = 4;

/**
 * The program without barriers for software adapters, where four neighbouring invocations (a quad) run as one vector instruction and every
 * read costs as much as twenty multiplications: each quad computes 8 × 32 values, lane i every fourth column, and gets four values of x, and of W for the
 * gradient, from one read by exchanging what its lanes hold. The order of sums is the same for every number of rows.
 */
export function quadProduct(product: PackedProduct, { numRows, isTraining }: ProductRows): PackedSource {
  const rows = numRows <= 2 && !isTraining ? 2 : 8;
  const columns = product.isGradient ? product.numIn : product.numOut;
  return {
    key: `quads${rows}_${scaleKey(product)}`,
    workgroupSize: [quadSize, 1, 1],
    dispatch: notFlat([1, Math.ceil(columns / (quadSize * numColumns)), Math.ceil(numRows / rows)]),
    leftComponents: 1,
    source: () => quadSource(product, rows),
  };
}

const isRagged = ({ isGradient, numIn, numOut }: PackedProduct): boolean => (isGradient ? numOut : numIn) % quadSize !== 0;

/** In the gradient all columns of a quad share their scales where they lie in one group. */
const hasOneScale = ({ groupSize, numIn }: PackedProduct): boolean => groupSize % (quadSize * numColumns) === 0 || groupSize >= numIn;

/** A sum that is not multiplied in the end can have the bias as its first term, which is then read once for all rows. */
const startsFromBias = ({ hasBias, hasScaledRows }: PackedProduct): boolean => hasBias && !hasScaledRows;

const scaleKey = (product: PackedProduct): string =>
  [scaleForm(product), product.isGradient && hasOneScale(product), isRagged(product)].join("_");

const each = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join("\n");

function quadSource(product: PackedProduct, rows: number): string {
  return `
    enable subgroups;
    ${unpackingSource(product)}
    ${product.isMoved ? movedSource : ""}
    ${finishSource({ ...product, hasBias: product.hasBias && !startsFromBias(product) })}
    ${leftSource(product)}
    @diagnostic(off, subgroup_uniformity)
    fn turned(w : vec4<f32>) -> vec4<f32> { return vec4<f32>(w.x, quadSwapX(w.y), quadSwapY(w.z), quadSwapDiagonal(w.w)); }
    @diagnostic(off, subgroup_uniformity)
    fn main(index : i32) {
      let lane = i32(localIndex);
      let row = i32(workgroupId.z) * ${rows};
      let firstColumn = i32(workgroupId.y) * ${quadSize * numColumns};
      let column = firstColumn + lane;
      let rowWords = ${rowWordsSource(product)};
      let numGroups = ${numGroupsSource(product)};
      ${each(numColumns, (c) => `let start${c} = ${startsFromBias(product) ? `bias[uniforms.firstBias + column + ${quadSize * c}]` : "0.0"};`)}
      ${each(rows, (r) => each(numColumns, (c) => `var sum${r}_${c} = start${c};`))}
      ${product.isGradient ? gradientLoop(product, rows) : forwardLoop(product, rows)}
      var sums : array<f32, ${rows * numColumns}>;
      ${each(rows, (r) => each(numColumns, (c) => `sums[${r * numColumns + c}] = sum${r}_${c};`))}
      for (var i = 0; i < ${rows * numColumns}; i++) {
        ${finishCall(product)}
      }
    }`;
}

/** `left(start, place)`: of four neighbouring values of the left factor, that at place ^ d as the d-th. */
function leftSource(product: PackedProduct): string {
  const inner = product.isGradient ? "uniforms.numOut" : "uniforms.numIn";
  const value = isRagged(product) ? `select(0.0, x[start + place], place < ${inner})` : "x[start + place]";
  return `
    @diagnostic(off, subgroup_uniformity)
    fn left(start : i32, place : i32, factor : f32) -> vec4<f32> {
      let value = ${value}${product.isGradient && product.hasScaledRows ? " * factor" : ""};
      return vec4<f32>(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value));
    }`;
}

const addProducts = (rows: number): string => each(numColumns, (c) => each(rows, (r) => `sum${r}_${c} += dot(left${r}, w${c});`));

function forwardLoop(product: PackedProduct, rows: number): string {
  const form = scaleForm(product);
  const weight = (c: number) =>
    `weights(words${c} + at, lift)${{ none: "", even: ` * scale${c}`, uneven: ` * scalesAt(column + ${quadSize * c}, quad, numGroups)` }[form]}${product.isMoved ? ` + moved(column + ${quadSize * c}, quad)` : ""}`;
  const loop = (first: string, end: string) => `
      let end = ${end};
      for (var quad = ${first}; quad < end; quad++) {
        let place = 4 * quad + lane;
        ${each(rows, (r) => `let left${r} = left(row${r}, place, 1.0);`)}
        let at = placeOf(quad);
        let lift = liftOf(quad);
        ${each(numColumns, (c) => `let w${c} = ${weight(c)};`)}
        ${addProducts(rows)}
      }`;
  return `
      let numQuads = (uniforms.numIn + 3) / 4;
      ${each(rows, (r) => `let row${r} = (row + ${r}) * uniforms.numIn;`)}
      ${each(numColumns, (c) => `let words${c} = uniforms.firstWord + (column + ${quadSize * c}) * rowWords;`)}
      ${form === "even" ? `for (var group = 0; group * ${quadsPerGroup(product)} < numQuads; group++) {` : ""}
      ${form === "even" ? each(numColumns, (c) => `let scale${c} = scaleAt(column + ${quadSize * c}, group, numGroups);`) : ""}
      ${form === "even" ? loop(`group * ${quadsPerGroup(product)}`, `min(numQuads, (group + 1) * ${quadsPerGroup(product)})`) : loop("0", "numQuads")}
      ${form === "even" ? "}" : ""}`;
}

const quadsPerGroup = ({ groupSize }: PackedProduct): number => Math.ceil(groupSize / quadSize);

function gradientLoop(product: PackedProduct, rows: number): string {
  const form = scaleForm(product);
  const hasOne = form === "even" && hasOneScale(product);
  const ownScale = (c: number) =>
    ({
      none: "",
      even: ` * scaleAt(place, (firstColumn + ${quadSize * c}) / ${product.groupSize}, numGroups)`,
      uneven: ` * scalesAt(place, firstQuad + ${c}, numGroups)`,
    })[form];
  return `
      let firstQuad = firstColumn / 4;
      ${each(rows, (r) => `let row${r} = (row + ${r}) * uniforms.numOut;`)}
      ${each(numColumns, (c) => `let at${c} = placeOf(firstQuad + ${c}); let lift${c} = liftOf(firstQuad + ${c});`)}
      for (var first = 0; first < uniforms.numOut; first += 4) {
        let place = first + lane;
        ${product.hasScaledRows ? "let factor = select(1.0, uniforms.rowScale, place < uniforms.numScaledRows);" : "let factor = 1.0;"}
        ${each(rows, (r) => `let left${r} = left(row${r}, place, factor);`)}
        let words0 = uniforms.firstWord + place * rowWords;
        ${hasOne ? `let scale = scaleAt(place, firstColumn / ${product.groupSize}, numGroups);` : ""}
        ${each(numColumns, (c) => `let w${c} = turned(weights(words0 + at${c}, lift${c})${hasOne ? " * scale" : ownScale(c)});`)}
        ${addProducts(rows)}
      }`;
}

function finishCall(product: PackedProduct): string {
  const place = "row + (i >> 3u)"; // numColumns is 2 ** 3
  if (product.isGradient || product.epilogue !== "swiglu")
    return `finish(${place}, column + ${quadSize} * (i & ${numColumns - 1}), sums[i]);`;
  // even lanes hold a gate and finish the pair
  return `
        let other = quadSwapX(sums[i]);
        if ((lane & 1) == 0) { finishPair(${place}, column + ${quadSize} * (i & ${numColumns - 1}), sums[i], other); }`;
}
