import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";

/** A kernel's operands by name; an optional one may be missing. */
export type KernelInputs = Readonly<Record<string, tf.TensorInfo | undefined>>;
/** What a call passes beside tensors, by name. */
export type KernelAttributes = Readonly<Record<string, unknown>>;
/** Computes a kernel's results; the tensor library tracks them. */
export type Kernel = (inputs: KernelInputs, attributes: KernelAttributes) => tf.TensorInfo[];

/** The WASM backend's memory as our kernels see it. Making a tensor may move what `values` gave before. */
export interface Heap {
  /** Byte address of a tensor; 0 for one that is missing. */
  address(info: tf.TensorInfo | undefined): number;
  /** A new tensor with whatever lies in its place. */
  output(shape: readonly number[]): tf.TensorInfo;
  /** A tensor's values, not copied. */
  values(info: tf.TensorInfo): Float32Array;
  /** Frees tensors that the library never saw. */
  release(...infos: tf.TensorInfo[]): void;
}

/** The heap of the backend that runs. */
export function createHeap(backend: BackendWasm): Heap {
  const output = (shape: readonly number[]) => backend.makeOutput([...shape], "float32");
  const values = (info: tf.TensorInfo) => backend.typedArrayFromHeap(info) as Float32Array;
  return {
    address: (info) => (info === undefined ? 0 : backend.getMemoryOffset(info.dataId)),
    output,
    values,
    release(...infos) {
      for (const { dataId } of infos) backend.disposeData(dataId);
    },
  };
}

/** An operand that every call has. */
export function given(info: tf.TensorInfo | undefined): tf.TensorInfo {
  if (info === undefined) throw new Error("kernel input missing");
  return info;
}
