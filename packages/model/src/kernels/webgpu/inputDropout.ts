import type { TensorInfo } from "@tensorflow/tfjs-core";
import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, given, type KernelAttributes, type KernelInputs } from "./gpuKernel.ts";

const workgroupSize = 64;
/** The most workgroups that share the values. */
const mostWorkgroups = 4096;

/** Dropout of a matrix, whose draws are computed where they are used: in one dispatch, with nothing uploaded. */
export function inputDropoutKernels(context: GpuContext): Record<"TuttiDropInput", GpuKernel> {
  return { TuttiDropInput: (inputs, attributes) => [dropInput(context, inputs, attributes)] };
}

/** Keys and threshold are 32 bits without a sign, handed over as if they had one. */
interface DropAttributes {
  readonly numRows: number;
  readonly first: number;
  readonly second: number;
  readonly threshold: number;
  readonly scale: number;
}

function dropInput({ backend }: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const { numRows, first, second, threshold, scale } = attributes as object as DropAttributes;
  const x = given(inputs, "x");
  const { residual } = inputs;
  const shape = [numRows, x.shape[1]];
  const numValues = shape[0] * shape[1];
  const numWorkgroups = Math.min(mostWorkgroups, Math.ceil(numValues / workgroupSize));
  return runFlat(backend, {
    key: `dropInput_${residual !== undefined}`,
    inputs: residual === undefined ? { x } : { x, residual },
    isWide: false,
    integers: { numValues, step: numWorkgroups * workgroupSize, first, second, threshold },
    numbers: { scale },
    workgroupSize,
    numWorkgroups,
    shape,
    source: `
      fn mix32(value : u32) -> u32 {
        var x = value;
        x = (x ^ (x >> 16u)) * 0x21f0aaadu;
        x = (x ^ (x >> 15u)) * 0x735a2d97u;
        return x ^ (x >> 15u);
      }
      fn main(index : i32) {
        let threshold = bitcast<u32>(uniforms.threshold);
        for (var i = index; i < uniforms.numValues; i += uniforms.step) {
          let draw = mix32(mix32(u32(i) ^ bitcast<u32>(uniforms.first)) ^ bitcast<u32>(uniforms.second));
          let value = select(x[i] * uniforms.scale, 0.0, draw < threshold);
          result[i] = value${residual === undefined ? "" : " + residual[i]"};
        }
      }`,
  });
}
