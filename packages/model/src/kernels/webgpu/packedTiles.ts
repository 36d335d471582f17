import { notFlat } from "./gpuKernel.ts";
import { finishSource } from "./packedEpilogue.ts";
import { movedSource } from "./packedMovement.ts";
import type { PackedProduct, PackedSource, ProductRows } from "./packedProgram.ts";
import { numGroupsSource, rowWordsSource, scaleForm, unpackingSource } from "./packedUnpacking.ts";

/** Invocations along each side of a workgroup. */
const side = 8;
/** Fours of the inner dimension that a workgroup holds at a time. */
const depth = 4;
/** Rows of a batch in training, where a smaller one shall not have a program of its own. */
const usualRows = 512;
/** So many workgroups keep a large GPU busy. */
const enoughWorkgroups = 128;

/**
 * The program for GPUs: a workgroup computes a square tile, each invocation `held` by `held` values of it eight apart; the tile's rows of the
 * left factor and of W, unpacked once, pass through workgroup memory sixteen inner values at a time.
 */
export function tileProduct(product: PackedProduct, { numRows, isTraining }: ProductRows): PackedSource {
  const columns = product.isGradient ? product.numIn : product.numOut;
  const inner = product.isGradient ? product.numOut : product.numIn;
  const tilesOf = (held: number, rows: number) => [Math.ceil(columns / (side * held)), Math.ceil(rows / (side * held))];
  const [wide, high] = tilesOf(8, isTraining ? usualRows : numRows);
  const held = high * wide >= enoughWorkgroups ? 8 : 4;
  const isRagged = inner % 4 !== 0;
  return {
    key: `tiles${held}_${scaleForm(product)}_${isRagged}`,
    workgroupSize: [side * side, 1, 1],
    dispatch: notFlat([1, ...(tilesOf(held, numRows) as [number, number])]),
    leftComponents: isRagged ? 1 : 4,
    source: () => tileSource(product, held, isRagged),
  };
}

const each = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join("\n");

function tileSource(product: PackedProduct, held: number, isRagged: boolean): string {
  const size = side * held;
  const isPaired = !product.isGradient && product.epilogue === "swiglu";
  // a gate and its neighbour, an up, belong to one invocation
  const columnOf = (j: number) => (isPaired ? `2 * tx + ${2 * side * Math.floor(j / 2) + (j % 2)}` : `tx + ${side * j}`);
  return `
    ${unpackingSource(product)}
    ${product.isMoved ? movedSource : ""}
    ${finishSource(product)}
    ${leftSource(product, isRagged)}
    ${blockSource(product)}
    var<workgroup> leftTile : array<vec4<f32>, ${size * depth}>;
    var<workgroup> weightTile : array<vec4<f32>, ${size * depth}>;
    // where a row's four lies: eight neighbouring rows in different banks
    fn held(row : i32, quad : i32) -> i32 { return ${depth} * row + (quad ^ ((row >> 1u) & ${depth - 1})); }
    fn main(index : i32) {
      let local = i32(localIndex);
      let tx = local % ${side};
      let ty = local / ${side};
      let firstRow = i32(workgroupId.z) * ${size};
      let firstColumn = i32(workgroupId.y) * ${size};
      let rowWords = ${rowWordsSource(product)};
      let numGroups = ${numGroupsSource(product)};
      let numQuads = (${product.isGradient ? "uniforms.numOut" : "uniforms.numIn"} + 3) / 4;
      ${each(held, (i) => each(held, (j) => `var sum${i}_${j} = 0.0;`))}
      for (var first = 0; first < numQuads; first += ${depth}) {
        for (var i = local; i < ${size * depth}; i += ${side * side}) {
          leftTile[held(i / ${depth}, i % ${depth})] = left(firstRow + i / ${depth}, first + i % ${depth}, numQuads);
        }
        ${product.isGradient ? loadColumns(size) : loadRows(size)}
        workgroupBarrier();
        for (var quad = 0; quad < ${depth}; quad++) {
          ${each(held, (j) => `let w${j} = weightTile[held(${columnOf(j)}, quad)];`)}
          ${each(held, (i) => `let left${i} = leftTile[held(ty + ${side * i}, quad)]; ${each(held, (j) => `sum${i}_${j} += dot(left${i}, w${j});`)}`)}
        }
        workgroupBarrier();
      }
      var sums : array<f32, ${held * held}>;
      ${each(held, (i) => each(held, (j) => `sums[${i * held + j}] = sum${i}_${j};`))}
      for (var i = 0; i < ${held * held}; i += ${isPaired ? 2 : 1}) {
        let row = firstRow + ty + ${side} * (i / ${held});
        ${
          isPaired
            ? `finishPair(row, firstColumn + 2 * tx + ${side} * (i % ${held}), sums[i], sums[i + 1]);`
            : `finish(row, firstColumn + tx + ${side} * (i % ${held}), sums[i]);`
        }
      }
    }`;
}

/** `left(row, quad, numQuads)`: four neighbouring values of the left factor, zero outside. */
function leftSource({ isGradient, hasScaledRows }: PackedProduct, isRagged: boolean): string {
  const inner = isGradient ? "uniforms.numOut" : "uniforms.numIn";
  const value = isRagged
    ? `vec4<f32>(${[0, 1, 2, 3].map((i) => `select(0.0, x[row * ${inner} + 4 * quad + ${i}], 4 * quad + ${i} < ${inner})`).join(", ")})`
    : `x[row * (${inner} / 4) + quad]`;
  const factors =
    "select(vec4<f32>(1.0), vec4<f32>(uniforms.rowScale), vec4<i32>(4 * quad) + vec4<i32>(0, 1, 2, 3) < vec4<i32>(uniforms.numScaledRows))";
  return `
    fn left(row : i32, quad : i32, numQuads : i32) -> vec4<f32> {
      if (row >= uniforms.numRows || quad >= numQuads) { return vec4<f32>(0.0); }
      return ${value}${isGradient && hasScaledRows ? ` * ${factors}` : ""};
    }`;
}

/** `block(row, quad, rowWords, numGroups)`: W[row … row + 3, 4 quad … 4 quad + 3], a column for each row; row is a multiple of four. */
function blockSource(product: PackedProduct): string {
  const form = scaleForm(product);
  const scale = (i: number) =>
    ({
      none: "",
      even: ` * scaleAt(row + ${i}, 4 * quad / ${product.groupSize}, numGroups)`,
      uneven: ` * scalesAt(row + ${i}, quad, numGroups)`,
    })[form];
  const order = ["xyzw", "yxwz", "zwxy", "wzyx"];
  return `
    fn block(row : i32, quad : i32, rowWords : i32, numGroups : i32) -> mat4x4<f32> {
      let at = uniforms.firstWord + row * rowWords + placeOf(quad);
      let lift = liftOf(quad);
      return mat4x4<f32>(${order.map((places, i) => `(weights(at + ${i} * rowWords, lift)${scale(i)}${product.isMoved ? ` + moved(row + ${i}, quad)` : ""}).${places}`).join(", ")});
    }`;
}

const zeroBlock = `mat4x4<f32>(${Array(16).fill("0.0").join(", ")})`;

/** The tile's rows of W, blocks of one four of rows after another; beyond the last quad x is zero and W read within the buffer. */
function loadRows(size: number): string {
  return `
        for (var i = local; i < ${(size / 4) * depth}; i += ${side * side}) {
          let row = 4 * (i / ${depth});
          let quad = i % ${depth};
          var b = ${zeroBlock};
          if (firstColumn + row < uniforms.numOut && first + quad < numQuads) { b = block(firstColumn + row, first + quad, rowWords, numGroups); }
          ${each(4, (k) => `weightTile[held(row + ${k}, quad)] = b[${k}];`)}
        }`;
}

/** The tile's columns of W, turned: fours of rows stand together. */
function loadColumns(size: number): string {
  return `
        for (var i = local; i < ${(size / 4) * depth}; i += ${side * side}) {
          let column = 4 * (i % ${size / 4});
          let quad = i / ${size / 4};
          var b = ${zeroBlock};
          if (firstColumn + column < uniforms.numIn && first + quad < numQuads) { b = transpose(block(4 * (first + quad), (firstColumn + column) / 4, rowWords, numGroups)); }
          ${each(4, (k) => `weightTile[held(column + ${k}, quad)] = b[${k}];`)}
        }`;
}
