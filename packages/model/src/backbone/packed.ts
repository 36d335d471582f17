import type { Tensor } from "@tutti/core";
import { type PackedTensor, unpackRows, unpackTensor } from "@tutti/core";
import type { BackboneConfig } from "./config.ts";
import type { BackboneManifest } from "./manifest.ts";

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

type Identity = Pick<PackedBackbone, "name" | "config" | "manifest" | "tokenizerJson" | "tokenizerConfig">;

/** Where tensors come from that are not all in memory. */
interface TensorSource {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  packed(name: string): PackedTensor;
  /** Where the source has f32 of its own: a new array at every call, which spares packing and unpacking it. */
  unpacked?(name: string): Tensor;
  /** Where the rows alone can be had; otherwise they are taken out of the whole. */
  rows?(name: string, rowIndices: ArrayLike<number>): Float32Array;
}

/** A backbone over tensors that are in memory. */
export function packedBackbone({
  tensors,
  ...identity
}: Identity & { readonly tensors: ReadonlyMap<string, PackedTensor> }): PackedBackbone {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  return backboneOver(identity, {
    shapes,
    packed: (name) => {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new Error(`backbone ${identity.name} has no tensor ${name}`);
      return tensor;
    },
  });
}

/** A backbone whose tensors are asked for by name, one at a time. */
export function backboneOver(identity: Identity, source: TensorSource): PackedBackbone {
  const known = (name: string): string => {
    if (!source.shapes.has(name)) throw new Error(`backbone ${identity.name} (${identity.config.family}) has no tensor ${name}`);
    return name;
  };
  const packed = (name: string) => source.packed(known(name));
  return {
    ...identity,
    numParameters: [...source.shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0),
    names: [...source.shapes.keys()],
    has: (name) => source.shapes.has(name),
    tensor: (name) => {
      const unpacked = source.unpacked?.(known(name));
      if (unpacked !== undefined) return unpacked;
      const tensor = packed(name);
      return { shape: tensor.shape, data: unpackTensor(tensor) };
    },
    rows: (name, rowIndices) => source.rows?.(known(name), rowIndices) ?? unpackRows(packed(name), rowIndices),
    packed,
  };
}
