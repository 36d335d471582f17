import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GpuProgram, KernelAttributes, KernelInputs } from "./gpuKernel.ts";
import { given, sizeOf } from "./gpuKernel.ts";

/** Sizes of one attention as its kernels get them. */
export interface AttentionSizes {
  /** Σ lengths. */
  readonly numRows: number;
  readonly numTexts: number;
  /** Rows of the longest text. */
  readonly longest: number;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headSize: number;
  /** 0 without a prefix. */
  readonly numPrefix: number;
  readonly isCausal: boolean;
}

/** What the kernels are told beside tensors. */
interface AttentionAttributes extends Pick<AttentionSizes, "numHeads" | "numKeyValueHeads" | "headSize" | "isCausal"> {
  /** Rows of each text. */
  readonly lengths: readonly number[];
}

/** The sizes that attributes and inputs say. */
export function sizesOf(inputs: KernelInputs, attributes: KernelAttributes): AttentionSizes {
  const { lengths, numHeads, numKeyValueHeads, headSize, isCausal } = attributes as object as AttentionAttributes;
  const numRows = lengths.reduce((total, length) => total + length, 0);
  const expected = given(inputs, "qkv").shape[0];
  if (numRows !== expected) throw new Error(`attention: texts of ${lengths.join(", ")} rows, ${numRows} in all; qkv has ${expected}`);
  const [numTexts, longest, numPrefix] = [lengths.length, Math.max(...lengths), inputs.prefix?.shape[1] ?? 0];
  return { numRows, numTexts, longest, numHeads, numKeyValueHeads, headSize, numPrefix, isCausal };
}

/** Declared in every program of attention; `statsStart` is where numbers of each (row, head) begin, negative without any. */
const attentionUniforms =
  "numTexts : i32, numRows : i32, numHeads : i32, numKeyValueHeads : i32, headSize : i32, numPrefix : i32, isCausal : i32, statsStart : i32,";

/** The values of `attentionUniforms`. */
export function uniformsOf(sizes: AttentionSizes, statsStart: number): { type: string; data: number[] }[] {
  const { numTexts, numRows, numHeads, numKeyValueHeads, headSize, numPrefix, isCausal } = sizes;
  const values = [numTexts, numRows, numHeads, numKeyValueHeads, headSize, numPrefix, Number(isCausal), statsStart];
  return values.map((value) => ({ type: "int32", data: [value] }));
}

/** The first workgroup writes zeros behind the numbers of each (row, head), so that every number of a result is the same each time. */
export const clearPadding = (numInvocations: number): string => `
      if (uniforms.statsStart >= 0 && workgroupId.x + workgroupId.y + workgroupId.z == 0u) {
        let padding = uniforms.statsStart + uniforms.numRows * uniforms.numHeads;
        for (var i = padding + i32(localIndex); i < uniforms.outShape; i += ${numInvocations}) { result[i] = 0.0; }
      }`;

/** What differs between the programs of attention. */
export interface AttentionProgram {
  readonly key: readonly (string | number)[];
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  /** Numbers in an element of the inputs, except `starts`. */
  readonly components: 1 | 4;
  readonly outputShape: number[];
  /** Workgroups. */
  readonly dispatch: readonly [number, number, number];
  readonly workgroupSize: number;
  readonly source: string;
}

/** A program for the backend; head size and kind are in its key, all other sizes are uniforms. */
export function attentionProgram(program: AttentionProgram): GpuProgram {
  const { key, inputs, components, outputShape, dispatch, workgroupSize, source } = program;
  return {
    variableNames: Object.keys(inputs),
    variableComponents: Object.keys(inputs).map((name) => (name === "starts" ? 1 : components)),
    outputShape: [sizeOf(outputShape)],
    outputComponent: 1,
    dispatchLayout: { x: [0], y: [1] },
    dispatch: [...dispatch],
    workgroupSize: [workgroupSize, 1, 1],
    shaderKey: ["tuttiAttention", ...key].join("_"),
    uniforms: attentionUniforms,
    getUserCode: () => source,
  };
}

/** A piece of source for each number below `count`. */
export const range = (count: number, piece: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => piece(i));

/** One line for each number below `count`. */
export const each = (count: number, line: (i: number) => string): string => range(count, line).join("\n");

/** A sum of terms. */
export const sum = (count: number, term: (i: number) => string): string => range(count, term).join(" + ");
