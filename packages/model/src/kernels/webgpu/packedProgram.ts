import { nf4 } from "../../backbone/fourBits.ts";
import type { TensorEncoding } from "../../backbone/pack.ts";
import type { GpuProgram } from "./gpuKernel.ts";

/** One product with a packed matrix W (out, in): x · Wᵀ + bias, or with `isGradient` dY · W. */
export interface PackedProduct {
  readonly encoding: TensorEncoding;
  readonly groupSize: number;
  readonly numIn: number;
  readonly numOut: number;
  readonly isGradient: boolean;
  readonly hasBias: boolean;
  /** Whether the first rows of W are multiplied by a factor. */
  readonly hasScaledRows: boolean;
}

/** Rows and columns of the result that one invocation computes in its registers. */
const tile = 4;

/** The program of one product for `rows` rows; dimensions are uniforms, so layers share their pipelines. No barriers, no atomics. */
export function packedProgram(product: PackedProduct, rows: number): GpuProgram {
  const { encoding, groupSize, numIn, numOut, isGradient, hasBias, hasScaledRows } = product;
  const columns = isGradient ? numIn : numOut;
  const hasWholeWords = numIn % 4 === 0 && groupSize % 4 === 0;
  const leftComponents = (isGradient ? numOut : numIn) % 4 === 0 ? 4 : 1;
  const [wide, high] = rows > 2 * tile ? [8, 8] : [32, 2];
  const pieces = [
    leftSource(leftComponents),
    hasWholeWords ? wordSource(product) : singleSource(product),
    isGradient ? gradientMain(hasScaledRows) : forwardMain(hasBias, hasScaledRows),
  ];
  return {
    variableNames: hasBias ? ["x", "words", "bias"] : ["x", "words"],
    variableComponents: [leftComponents, 1, ...(hasBias ? [1] : [])],
    outputShape: [rows, columns],
    outputComponent: 1,
    dispatchLayout: { x: [1], y: [0] },
    dispatch: [Math.ceil(columns / (tile * wide)), Math.ceil(rows / (tile * high)), 1],
    workgroupSize: [wide, high, 1],
    shaderKey: ["tuttiPacked", encoding, groupSize, isGradient, hasBias, hasScaledRows, hasWholeWords, leftComponents].join("_"),
    uniforms: "numIn : i32, numOut : i32, scaleStart : i32, numScaledRows : i32, rowScale : f32,",
    getUserCode: () => pieces.join("\n"),
  };
}

/** Values col … col + 3 of a row of the left factor, zero beyond its end. */
function leftSource(components: number): string {
  if (components === 4) return "fn left4(row : i32, col : i32) -> vec4<f32> { return x[(row * uniforms.xShape.y + col) / 4]; }";
  return `
    fn left1(row : i32, col : i32) -> f32 {
      if (col >= uniforms.xShape.y) { return 0.0; }
      return x[row * uniforms.xShape.y + col];
    }
    fn left4(row : i32, col : i32) -> vec4<f32> {
      return vec4<f32>(left1(row, col), left1(row, col + 1), left1(row, col + 2), left1(row, col + 3));
    }`;
}

/** The scale of W[row, col]. */
function scaleSource({ encoding, groupSize }: PackedProduct): string {
  if (encoding === "f32" || encoding === "f16") return "fn scaleAt(row : i32, col : i32) -> f32 { return 1.0; }";
  const at = `row * ((uniforms.numIn + ${groupSize - 1}) / ${groupSize}) + col / ${groupSize}`;
  if (encoding === "int8") return `fn scaleAt(row : i32, col : i32) -> f32 { return bitcast<f32>(words[uniforms.scaleStart + ${at}]); }`;
  return `
    fn scaleAt(row : i32, col : i32) -> f32 {
      let at = ${at};
      return unpack2x16float(bitcast<u32>(words[uniforms.scaleStart + (at >> 1u)]))[at & 1];
    }`;
}

/** Four-bit codes to levels. */
function levelSource(encoding: TensorEncoding): string {
  if (encoding === "int4") return "fn level(code : i32) -> f32 { return f32(code - 8); }";
  if (encoding !== "nf4") return "";
  return `
    const levels = array<f32, 16>(${[...nf4.levels].map((value) => value.toFixed(20)).join(", ")});
    fn level(code : i32) -> f32 { return levels[code]; }`;
}

/** W[row, col … col + 3] where rows and groups are multiples of four: the four lie in one word (f16: two, f32: four). */
function wordSource(product: PackedProduct): string {
  const bodies: Record<TensorEncoding, string> = {
    f32: "return bitcast<vec4<f32>>(vec4<i32>(words[at], words[at + 1], words[at + 2], words[at + 3]));",
    f16: `
      let word = at >> 1u;
      return vec4<f32>(unpack2x16float(bitcast<u32>(words[word])), unpack2x16float(bitcast<u32>(words[word + 1])));`,
    int8: `
      let bytes = (vec4<i32>(words[at >> 2u]) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u);
      return vec4<f32>(bytes) * scaleAt(row, col);`,
    int4: `
      let codes = (vec4<i32>(words[at >> 3u]) >> (vec4<u32>(0u, 4u, 8u, 12u) + vec4<u32>(u32(at & 4) * 4u))) & vec4<i32>(15);
      return vec4<f32>(codes - vec4<i32>(8)) * scaleAt(row, col);`,
    nf4: `
      let codes = words[at >> 3u] >> (u32(at & 4) * 4u);
      return vec4<f32>(level(codes & 15), level((codes >> 4u) & 15), level((codes >> 8u) & 15), level((codes >> 12u) & 15)) * scaleAt(row, col);`,
  };
  return `
    ${scaleSource(product)}
    ${levelSource(product.encoding)}
    fn weight4(row : i32, col : i32) -> vec4<f32> {
      let at = row * uniforms.numIn + col;
      ${bodies[product.encoding]}
    }`;
}

/** The same value by value, for any width and group; zero beyond the row's end. */
function singleSource(product: PackedProduct): string {
  const byRow = "let at = row * uniforms.numIn + col;";
  const fourBits = `
      let at = row * ((uniforms.numIn + 1) / 2 * 2) + col;
      return level((words[at >> 3u] >> (u32(at & 7) * 4u)) & 15) * scaleAt(row, col);`;
  const bodies: Record<TensorEncoding, string> = {
    f32: `${byRow} return bitcast<f32>(words[at]);`,
    f16: `${byRow} return unpack2x16float(bitcast<u32>(words[at >> 1u]))[at & 1];`,
    int8: `${byRow} return f32((words[at >> 2u] << (24u - 8u * u32(at & 3))) >> 24u) * scaleAt(row, col);`,
    int4: fourBits,
    nf4: fourBits,
  };
  return `
    ${scaleSource(product)}
    ${levelSource(product.encoding)}
    fn weight1(row : i32, col : i32) -> f32 {
      if (col >= uniforms.numIn) { return 0.0; }
      ${bodies[product.encoding]}
    }
    fn weight4(row : i32, col : i32) -> vec4<f32> {
      return vec4<f32>(weight1(row, col), weight1(row, col + 1), weight1(row, col + 2), weight1(row, col + 3));
    }`;
}

const each = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** Factors of the rows row … row + 3 of W. */
const rowFactors = `
    fn rowFactors(row : i32) -> vec4<f32> {
      return select(vec4<f32>(1.0), vec4<f32>(uniforms.rowScale), vec4<i32>(row) + vec4<i32>(0, 1, 2, 3) < vec4<i32>(uniforms.numScaledRows));
    }`;

/** Where the tile begins; rows beyond the end are computed from the last one and not written. */
const tileStart = `
      let row = i32(globalId.y) * ${tile};
      let col = i32(globalId.x) * ${tile};
      if (row >= uniforms.outShape.x || col >= uniforms.outShape.y) { return; }
      let lastRow = uniforms.outShape.x - 1;
      ${each(tile, (i) => `let row${i} = min(row + ${i}, lastRow);`)}
      ${each(tile, (i) => `var sum${i} = vec4<f32>(0.0);`)}`;

const tileWrite = `
      let numWritten = min(${tile}, uniforms.outShape.y - col);
      ${each(tile, (i) => `if (row + ${i} <= lastRow) { for (var j = 0; j < numWritten; j++) { result[(row + ${i}) * uniforms.outShape.y + col + j] = sum${i}[j]; } }`)}`;

function forwardMain(hasBias: boolean, hasScaledRows: boolean): string {
  return `
    ${hasScaledRows ? rowFactors : ""}
    fn main() {
      ${tileStart}
      let lastOut = uniforms.numOut - 1;
      for (var k = 0; k < uniforms.numIn; k += 4) {
        ${each(tile, (i) => `let w${i} = weight4(min(col + ${i}, lastOut), k);`)}
        ${each(tile, (i) => `let x${i} = left4(row${i}, k); sum${i} += vec4<f32>(dot(x${i}, w0), dot(x${i}, w1), dot(x${i}, w2), dot(x${i}, w3));`)}
      }
      ${hasScaledRows ? `let factors = rowFactors(col); ${each(tile, (i) => `sum${i} *= factors;`)}` : ""}
      ${hasBias ? `let b = vec4<f32>(${[0, 1, 2, 3].map((i) => `bias[min(col + ${i}, lastOut)]`).join(", ")}); ${each(tile, (i) => `sum${i} += b;`)}` : ""}
      ${tileWrite}
    }`;
}

function gradientMain(hasScaledRows: boolean): string {
  const left = (i: number) => `left4(row${i}, k)${hasScaledRows ? " * factors" : ""}`;
  return `
    ${hasScaledRows ? rowFactors : ""}
    fn main() {
      ${tileStart}
      let lastOut = uniforms.numOut - 1;
      for (var k = 0; k < uniforms.numOut; k += 4) {
        ${hasScaledRows ? "let factors = rowFactors(k);" : ""}
        ${each(tile, (i) => `let w${i} = weight4(min(k + ${i}, lastOut), col);`)}
        ${each(tile, (i) => `let d${i} = ${left(i)}; sum${i} += d${i}.x * w0 + d${i}.y * w1 + d${i}.z * w2 + d${i}.w * w3;`)}
      }
      ${tileWrite}
    }`;
}
