import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";

/** How a kernel is written for a device: with workgroup memory and barriers, or with registers alone, as software adapters like it. */
export type KernelVariant = "shared" | "registers";

/** What a device can do, and which variant of the kernels it runs. */
export interface GpuTraits {
  readonly variant: KernelVariant;
  /** The device has `shader-f16`; a program that says `enable f16;` gets it. */
  readonly hasF16: boolean;
  /** The device has `subgroups`. */
  readonly hasSubgroups: boolean;
}

/** What the WebGPU backend runs. */
export type GpuProgram = Parameters<WebGPUBackend["runWebGPUProgram"]>[0];

/** A kernel's operands by name, as the tensor library hands them over; an optional one may be missing. */
export type KernelInputs = Readonly<Record<string, TensorInfo | undefined>>;
/** What a call passes beside tensors, by name, as `runFused` was given it. */
export type KernelAttributes = Readonly<Record<string, unknown>>;

/** Computes a kernel's results; the tensor library tracks them. */
export type GpuKernel = (inputs: KernelInputs, attributes: KernelAttributes) => TensorInfo[];

/** Where kernels run: the backend, and the traits as they are at each call. */
export interface GpuContext {
  readonly backend: WebGPUBackend;
  traits(): GpuTraits;
}

/** An input that the kernel cannot do without. */
export function given(inputs: KernelInputs, name: string): TensorInfo {
  const info = inputs[name];
  if (info === undefined) throw new Error(`kernel input ${name}: missing; received ${Object.keys(inputs).join(", ")}`);
  return info;
}

/** Workgroups that are never one alone in y and z: the library compiles a program of its own for those. The programs do nothing outside. */
export function notFlat([x, y, z]: readonly [number, number, number]): [number, number, number] {
  return [x, y, y * z === 1 ? 2 : z];
}

/** Numbers of a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * An operand as a list that lies across, for programs whose result is a list. The library compiles again when another operand gets the result's
 * shape or has one row only; neither is ever so of such lists, which makes the pipeline the same for all sizes.
 */
export function listed({ dataId, shape, dtype }: TensorInfo): TensorInfo {
  return { dataId, shape: [sizeOf(shape), 1], dtype };
}

/**
 * Throws when an input is larger than what the device binds at a time; the device itself would compute nothing and not say so. Results need no
 * check of their own, because large ones are the next kernel's inputs.
 */
export function checkBindable(kernelName: string, inputs: KernelInputs, maxBytes: number): void {
  for (const [name, info] of Object.entries(inputs)) {
    if (info === undefined) continue;
    const bytes = 4 * sizeOf(info.shape); // all elements are words
    if (bytes <= maxBytes) continue;
    const advice = "a backbone that is smaller or packed in fewer bits, or a smaller batch, may fit";
    throw new Error(
      `${kernelName}: ${name} (${info.shape.join(", ")}) takes ${bytes} bytes, and this GPU binds at most ${maxBytes}; ${advice}`,
    );
  }
}
