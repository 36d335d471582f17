import type { TensorEncoding } from "@tutti/core";
import { nf4 } from "@tutti/core";
import { wordsPerRow } from "./packedWords.ts";

/** How a packed matrix's values get their scales. */
export interface Scaling {
  readonly encoding: TensorEncoding;
  readonly groupSize: number;
  readonly numIn: number;
}

/** `even`: four neighbouring values, from a multiple of four on, always have one scale. */
type ScaleForm = "none" | "even" | "uneven";

/** Whether W has no scales, or four neighbouring values share one (even), or they may have two (uneven). */
export function scaleForm({ encoding, groupSize, numIn }: Scaling): ScaleForm {
  if (encoding === "f32" || encoding === "f16") return "none";
  return groupSize % 4 === 0 || groupSize >= numIn ? "even" : "uneven";
}

/**
 * WGSL that reads W, whose words are arranged as `arrangeWords` does:
 * `placeOf(quad)` and `liftOf(quad)` say where the quad-th four of a row's values lie from the row's first word on, and what brings them to a word's top;
 * `weights(at, lift)` unpacks the four, the one of place d ^ (row mod 4) at d, without their scales: `scaleAt(row, group, numGroups)` is one, `scalesAt(row, quad, numGroups)` are four.
 */
export function unpackingSource(scaling: Scaling): string {
  const { encoding } = scaling;
  const isFourBits = encoding === "int4" || encoding === "nf4";
  const wordsPerQuad = isFourBits ? 1 : wordsPerRow(encoding, 4);
  return `
    fn placeOf(quad : i32) -> i32 { return ${isFourBits ? "quad >> 1u" : `quad * ${wordsPerQuad}`}; }
    fn liftOf(quad : i32) -> i32 { return ${isFourBits ? "select(65536, 1, (quad & 1) == 1)" : "1"}; }
    ${encoding === "nf4" ? levelSource : ""}
    fn weights(at : i32, lift : i32) -> vec4<f32> {
      ${bodies[encoding]}
    }
    ${scaleSource(scaling)}`;
}

/** WGSL of the words of a row of W, as `wordsPerRow` counts them. */
export function rowWordsSource({ encoding }: Scaling): string {
  if (encoding === "int4" || encoding === "nf4") return "(uniforms.numIn + 7) / 8";
  const wordsPerQuad = { int8: 1, f16: 2, f32: 4 }[encoding];
  return `(uniforms.numIn + 3) / 4 * ${wordsPerQuad}`;
}

/** WGSL of the number of groups of a row of W; 0 without scales. */
export function numGroupsSource(scaling: Scaling): string {
  return scaleForm(scaling) === "none" ? "0" : `(uniforms.numIn + ${scaling.groupSize - 1}) / ${scaling.groupSize}`;
}

/** Integers are unpacked into a word's highest bits, without shifts, which software adapters do one by one; the scale makes up for it. */
const bodies: Readonly<Record<TensorEncoding, string>> = {
  // one by one, so that the words may be floats already
  f32: "return vec4<f32>(bitcast<f32>(words[at]), bitcast<f32>(words[at + 1]), bitcast<f32>(words[at + 2]), bitcast<f32>(words[at + 3]));",
  f16: "return vec4<f32>(unpack2x16float(bitcast<u32>(words[at])), unpack2x16float(bitcast<u32>(words[at + 1])));",
  int8: `
      let word = words[at];
      return vec4<f32>(vec4<i32>(word * 16777216, word * 65536, word * 256, word) & vec4<i32>(-16777216));`,
  int4: `
      let word = (words[at] ^ -2004318072) * lift; // 0x88888888: codes become signed
      return vec4<f32>(vec4<i32>(word * 4096, word * 256, word * 16, word) & vec4<i32>(-268435456));`,
  nf4: `
      let word = words[at] * lift;
      return levels(vec4<i32>(word * 4096, word * 256, word * 16, word));`,
};

const units: Readonly<Record<TensorEncoding, number>> = { f32: 1, f16: 1, int8: 2 ** -24, int4: 2 ** -28, nf4: 1 };

/** The NormalFloat levels of the codes in four words' highest bits, found bit by bit: arrays that are indexed are slow on software adapters. */
const levelSource = `
    fn levels(codes : vec4<i32>) -> vec4<f32> {
      let bit0 = (codes & vec4<i32>(268435456)) != vec4<i32>(0);
      let bit1 = (codes & vec4<i32>(536870912)) != vec4<i32>(0);
      let bit2 = (codes & vec4<i32>(1073741824)) != vec4<i32>(0);
      return ${levelTree(0, 16)};
    }`;

function levelTree(first: number, count: number): string {
  if (count === 1) return `vec4<f32>(${nf4.levels[first].toFixed(20)})`;
  const half = count / 2;
  const bit = { 2: "bit0", 4: "bit1", 8: "bit2", 16: "codes < vec4<i32>(0)" }[count];
  return `select(${levelTree(first, half)}, ${levelTree(first + half, half)}, ${bit})`;
}

function scaleSource(scaling: Scaling): string {
  const { encoding, groupSize } = scaling;
  if (scaleForm(scaling) === "none") return "";
  const unit = units[encoding].toExponential();
  return `
    fn scaleAt(row : i32, group : i32, numGroups : i32) -> f32 {
      let at = row * numGroups + group;
      ${
        encoding === "int8"
          ? `return bitcast<f32>(words[uniforms.scaleStart + at]) * ${unit};`
          : `let pair = unpack2x16float(bitcast<u32>(words[uniforms.scaleStart + (at >> 1u)]));
      return select(pair.x, pair.y, (at & 1) == 1) * ${unit};`
      }
    }
    fn scalesAt(row : i32, quad : i32, numGroups : i32) -> vec4<f32> {
      let first = 4 * quad + (row & 3);
      return vec4<f32>(${[0, 1, 2, 3].map((d) => `scaleAt(row, (first ^ ${d}) / ${groupSize}, numGroups)`).join(", ")});
    }`;
}
