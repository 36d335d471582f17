import type { PackedTensor } from "@tutti/core";
import type { BackboneManifest } from "./manifest.ts";

/** Tensors that are filled shard by shard, so that no shard need be kept once its parts are copied. */
export interface TensorFiller {
  /** Copies a shard's parts to where they belong. */
  take(sha256: string, bytes: Uint8Array): void;
  tensors(): ReadonlyMap<string, PackedTensor>;
}

interface Part {
  readonly tensor: string;
  /** In the tensor's bytes. */
  readonly to: number;
  readonly offset: number;
  readonly length: number;
}

/** A filler for a backbone of which nothing has arrived. A tensor's memory is taken when its first part comes. */
export function fillTensors({ shards, tensors }: BackboneManifest): TensorFiller {
  const partsOf = new Map<string, Part[]>(shards.map(({ sha256 }) => [sha256, []]));
  for (const { name, parts } of tensors) {
    let to = 0;
    for (const { shard, offset, length } of parts) {
      partsOf.get(shards[shard]?.sha256 ?? "")?.push({ tensor: name, to, offset, length });
      to += length;
    }
  }
  const sizes = new Map(tensors.map(({ name, parts }) => [name, parts.reduce((sum, { length }) => sum + length, 0)]));
  const filled = new Map<string, Uint8Array<ArrayBuffer>>();
  const bytesOf = (name: string): Uint8Array<ArrayBuffer> => {
    const known = filled.get(name) ?? new Uint8Array(sizes.get(name) ?? 0);
    filled.set(name, known);
    return known;
  };
  return {
    take(sha256, bytes) {
      for (const { tensor, to, offset, length } of partsOf.get(sha256) ?? [])
        bytesOf(tensor).set(bytes.subarray(offset, offset + length), to);
    },
    tensors: () =>
      new Map(tensors.map(({ name, shape, encoding, groupSize }) => [name, { shape, encoding, groupSize, bytes: bytesOf(name) }] as const)),
  };
}
