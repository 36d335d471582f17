import type { GpuTraits, KernelVariant } from "./gpuKernel.ts";

let current: GpuTraits = { variant: "registers", hasF16: false, hasSubgroups: false };

/** The traits of the running WebGPU device. */
export function gpuTraits(): GpuTraits {
  return current;
}

/** Says what the device that was just started can do. */
export function setGpuTraits(traits: GpuTraits): void {
  current = traits;
}

/** Runs `work` with one variant of the kernels, then the one before again. */
export async function withVariant<T>(variant: KernelVariant, work: () => Promise<T>): Promise<T> {
  const before = current;
  current = { ...before, variant };
  try {
    return await work();
  } finally {
    current = before;
  }
}
