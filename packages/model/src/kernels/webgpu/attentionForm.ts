import type { GpuProgram, KernelAttributes, KernelInputs } from "./gpuKernel.ts";
import { given } from "./gpuKernel.ts";

/** Sizes of one attention as its kernels get them. */
export interface AttentionSizes {
  readonly batch: number;
  readonly numTokens: number;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headSize: number;
  /** 0 without a prefix. */
  readonly numPrefix: number;
  readonly isCausal: boolean;
}

/** The sizes that attributes and inputs say. */
export function sizesOf(inputs: KernelInputs, attributes: KernelAttributes): AttentionSizes {
  const { numHeads, numKeyValueHeads, headSize, numTokens, isCausal } = attributes as object as AttentionSizes;
  const [batch, numPrefix] = [given(inputs, "lengths").shape[0], inputs.prefix?.shape[1] ?? 0];
  return { batch, numTokens, numHeads, numKeyValueHeads, headSize, numPrefix, isCausal };
}

/** Declared in every program of attention; `statsStart` is where numbers of each (b, head, t) begin. */
export const attentionUniforms =
  "batch : i32, numTokens : i32, numHeads : i32, numKeyValueHeads : i32, numPrefix : i32, isCausal : i32, statsStart : i32,";

/** The values of `attentionUniforms`. */
export function uniformsOf(sizes: AttentionSizes, statsStart: number): { type: string; data: number[] }[] {
  const { batch, numTokens, numHeads, numKeyValueHeads, numPrefix, isCausal } = sizes;
  const values = [batch, numTokens, numHeads, numKeyValueHeads, numPrefix, Number(isCausal), statsStart];
  return values.map((value) => ({ type: "int32", data: [value] }));
}

/** What differs between the programs of attention. */
export interface AttentionProgram {
  readonly key: readonly (string | number)[];
  /** Names of the inputs, with the numbers that one element of each holds. */
  readonly inputs: Readonly<Record<string, 1 | 4>>;
  readonly outputShape: number[];
  /** Workgroups. */
  readonly dispatch: readonly [number, number, number];
  readonly workgroupSize: [number, number, number];
  readonly source: string;
}

/** A program for the backend; head size and kind are in its key, all other sizes are uniforms. */
export function attentionProgram({ key, inputs, outputShape, dispatch, workgroupSize, source }: AttentionProgram): GpuProgram {
  return {
    variableNames: Object.keys(inputs),
    variableComponents: Object.values(inputs),
    outputShape,
    outputComponent: 1,
    dispatchLayout: { x: [0], y: [1] },
    dispatch: [...dispatch],
    workgroupSize,
    shaderKey: ["tuttiAttention", ...key].join("_"),
    uniforms: attentionUniforms,
    getUserCode: () => source,
  };
}

/** One line for each number below `count`. */
export const each = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** A sum of terms. */
export const sum = (count: number, term: (i: number) => string): string => Array.from({ length: count }, (_, i) => term(i)).join(" + ");

/** How vectors of a head are read and written, four numbers at a time, the last ones filled up with zeros. */
export interface HeadVectors {
  readonly headSize: number;
  /** Fours in a vector. */
  readonly numFours: number;
  /** Numbers in one element of a buffer of vectors. */
  readonly components: 1 | 4;
  /** Four numbers of a vector that begins at the element `at` of a buffer of vectors. */
  load(buffer: string, at: string, four: number): string;
  /** The same from a buffer of single numbers. */
  loadSingles(buffer: string, at: string, four: number): string;
  /** Writes four numbers of the vector that begins at `at` of the result. */
  store(at: string, four: number, value: string): string;
}

export function headVectors(headSize: number): HeadVectors {
  const components = headSize % 4 === 0 ? 4 : 1;
  const isInside = (four: number, lane: number) => 4 * four + lane < headSize;
  const single = (buffer: string, at: string, four: number, lane: number) =>
    isInside(four, lane) ? `${buffer}[${at} + ${4 * four + lane}]` : "0.0";
  const loadSingles = (buffer: string, at: string, four: number) =>
    `vec4<f32>(${[0, 1, 2, 3].map((lane) => single(buffer, at, four, lane)).join(", ")})`;
  return {
    headSize,
    numFours: Math.ceil(headSize / 4),
    components,
    loadSingles,
    load: (buffer, at, four) => (components === 4 ? `${buffer}[${at} + ${four}]` : loadSingles(buffer, at, four)),
    store: (at, four, value) =>
      [0, 1, 2, 3].map((lane) => (isInside(four, lane) ? `result[${at} + ${4 * four + lane}] = ${value}.${"xyzw"[lane]};` : "")).join(" "),
  };
}
