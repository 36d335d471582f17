import type { Tensor } from "@tutti/core";
import type { BackboneConfig } from "./config.ts";
import type { BackboneManifest } from "./manifest.ts";
import { type PackedTensor, unpackRows, unpackTensor } from "./pack.ts";

/**
 * A frozen backbone in memory, its weights as they lie in the shards.
 * Linear weights are (out, in), tables (rows, width), norms and biases vectors; the names are those of `tensorNames`.
 */
export interface PackedBackbone {
  readonly name: string;
  readonly config: BackboneConfig;
  readonly numParameters: number;
  /** Null for a backbone read directly from a checkpoint. */
  readonly manifest: BackboneManifest | null;
  /** The text of tokenizer.json, or null when the checkpoint came without. */
  readonly tokenizerJson: string | null;
  readonly tokenizerConfig: string | null;
  readonly names: readonly string[];
  has(name: string): boolean;
  /** The tensor unpacked to f32: a new array at every call, which the caller owns. Throws on an unknown name. */
  tensor(name: string): Tensor;
  /** Only these rows of a table or matrix, unpacked: (rowIndices.length, width). */
  rows(name: string, rowIndices: ArrayLike<number>): Float32Array;
  /** The tensor as stored; the bytes are shared, not to be changed. */
  packed(name: string): PackedTensor;
}

interface Parts extends Pick<PackedBackbone, "name" | "config" | "manifest" | "tokenizerJson" | "tokenizerConfig"> {
  readonly tensors: ReadonlyMap<string, PackedTensor>;
}

/** A backbone over tensors that are in memory. */
export function packedBackbone({ tensors, ...rest }: Parts): PackedBackbone {
  const packed = (name: string): PackedTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`backbone ${rest.name} (${rest.config.family}) has no tensor ${name}`);
    return tensor;
  };
  return {
    ...rest,
    numParameters: [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    names: [...tensors.keys()],
    has: (name) => tensors.has(name),
    tensor: (name) => ({ shape: packed(name).shape, data: unpackTensor(packed(name)) }),
    rows: (name, rowIndices) => unpackRows(packed(name), rowIndices),
    packed,
  };
}
