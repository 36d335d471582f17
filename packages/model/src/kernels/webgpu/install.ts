import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { PackedProduct } from "./packedProgram.ts";
import { packedProgram } from "./packedProgram.ts";

/** Attributes of `TuttiPackedLinear`, whose inputs are x, words and, where there is one, bias. */
export interface PackedAttributes extends Omit<PackedProduct, "hasBias" | "hasScaledRows"> {
  /** Where the scales begin, in words. */
  readonly scaleStart: number;
  /** How many of W's first rows are multiplied by `rowScale`. */
  readonly numScaledRows: number;
  readonly rowScale: number;
}

/** Registers our kernels on a WebGPU backend. */
export function installWebGpuKernels(backend: WebGPUBackend): void {
  const kernelName = "TuttiPackedLinear";
  if (tf.getKernel(kernelName, "webgpu") !== undefined) tf.unregisterKernel(kernelName, "webgpu");
  tf.registerKernel({
    kernelName,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs }) => {
      const { x, words, bias } = inputs as { readonly x: tf.TensorInfo; readonly words: tf.TensorInfo; readonly bias?: tf.TensorInfo };
      const attributes = attrs as object as PackedAttributes;
      const { numIn, numOut, scaleStart, numScaledRows, rowScale } = attributes;
      const program = packedProgram({ ...attributes, hasBias: bias !== undefined, hasScaledRows: numScaledRows > 0 }, x.shape[0]);
      const uniforms = [numIn, numOut, scaleStart, numScaledRows].map((value) => ({ type: "int32", data: [value] }));
      const given = bias === undefined ? [x, words] : [x, words, bias];
      return backend.runWebGPUProgram(program, given, "float32", [...uniforms, { type: "float32", data: [rowScale] }]);
    },
  });
}
