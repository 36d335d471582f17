import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { listed, sizeOf } from "./gpuKernel.ts";

/** A program whose operands are flat arrays and whose sizes are uniforms, so that its pipeline does not depend on shapes. */
export interface FlatProgram {
  /** Names everything that `source` depends on. */
  readonly key: string;
  /** Operands by their names in `source`. */
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  /** Operands and `result` are arrays of four values; otherwise of single ones. */
  readonly isWide: boolean;
  readonly integers: Readonly<Record<string, number>>;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly workgroupSize: number;
  readonly numWorkgroups: number;
  /** Declares `fn main(index : i32)`; `T` is the type of an operand's elements. */
  readonly source: string;
  /** Of the result. */
  readonly shape: readonly number[];
  /** A tensor of that shape that gets the result; a new one by default. */
  readonly into?: TensorInfo;
}

/** Runs the program in one dispatch. */
export function runFlat(backend: WebGPUBackend, flat: FlatProgram): TensorInfo {
  const { key, inputs, isWide, integers, numbers = {}, workgroupSize, numWorkgroups, source, shape, into } = flat;
  const components = isWide ? 4 : 1;
  const names = Object.keys(inputs);
  const operands = Object.values(inputs).map(listed);
  const result = backend.runWebGPUProgram(
    {
      variableNames: names,
      variableComponents: operands.map(({ dtype }) => (dtype === "int32" ? 1 : components)),
      outputShape: [sizeOf(shape)],
      outputComponent: components,
      dispatchLayout: { x: [0] },
      dispatch: [numWorkgroups, 1, 1],
      workgroupSize: [workgroupSize, 1, 1],
      shaderKey: `tutti_${key}_${components}`,
      uniforms: [...Object.keys(integers).map((name) => `${name} : i32,`), ...Object.keys(numbers).map((name) => `${name} : f32,`)].join(
        " ",
      ),
      getUserCode: () => `${valueSource(isWide)}\n${source}`,
    },
    operands,
    "float32",
    [
      ...Object.values(integers).map((value) => ({ type: "int32", data: [value] })),
      ...Object.values(numbers).map((value) => ({ type: "float32", data: [value] })),
    ],
    into,
  );
  return { ...result, shape: [...shape] };
}

/** The type of an element, and the sum of its values. */
function valueSource(isWide: boolean): string {
  return isWide
    ? "alias T = vec4<f32>; fn sumOf(value : T) -> f32 { return (value.x + value.y) + (value.z + value.w); }"
    : "alias T = f32; fn sumOf(value : T) -> f32 { return value; }";
}
