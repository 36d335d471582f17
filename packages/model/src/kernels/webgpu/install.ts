import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import type { WebGpuKernel } from "../fusedKernels.ts";
import { attentionKernels } from "./attention.ts";
import { blockKernels } from "./blockMaps.ts";
import { crossEntropyKernels } from "./crossEntropy.ts";
import { checkBindable, type GpuKernel, type KernelAttributes, type KernelInputs } from "./gpuKernel.ts";
import { inputDropoutKernels } from "./inputDropout.ts";
import { moveKernels } from "./moveSigns.ts";
import { normKernels } from "./norm.ts";
import { optimizerKernels } from "./optimizers.ts";
import { packedKernels } from "./packedLinear.ts";
import { rotaryKernels } from "./rotary.ts";
import { rowKernels } from "./rows.ts";
import { shiftKernels } from "./shift.ts";
import { gpuTraits } from "./traits.ts";
import { weightGradientKernels } from "./weightGradient.ts";

/** Registers our kernels on a WebGPU backend. */
export function installWebGpuKernels(backend: WebGPUBackend): void {
  const context = { backend, traits: gpuTraits };
  const maxBytes = backend.device.limits.maxStorageBufferBindingSize;
  const kernels: Record<WebGpuKernel, GpuKernel> = {
    ...packedKernels(context),
    ...attentionKernels(context),
    ...normKernels(context),
    ...rotaryKernels(context),
    ...crossEntropyKernels(context),
    ...optimizerKernels(context),
    ...rowKernels(context),
    ...blockKernels(context),
    ...inputDropoutKernels(context),
    ...shiftKernels(context),
    ...weightGradientKernels(context),
    ...moveKernels(context),
  };
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, "webgpu") !== undefined) tf.unregisterKernel(kernelName, "webgpu");
    tf.registerKernel({
      kernelName,
      backendName: "webgpu",
      kernelFunc: ({ inputs, attrs }) => {
        checkBindable(kernelName, inputs as KernelInputs, maxBytes);
        return kernel(inputs as KernelInputs, (attrs ?? {}) as KernelAttributes);
      },
    });
  }
}
