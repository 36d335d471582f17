import type { BackboneManifest } from "./manifest.ts";
import { tensorNames } from "./tensorNames.ts";

/** What one WebAssembly memory can address. */
const wasmBytes = 2 ** 32;
/** Left for activations, the optimiser and the library itself. */
const wasmReserve = 512 * 2 ** 20;

/** Bytes of a backbone's matrices in f32, each kept for the forward and for the backward product; the embedding table stays packed outside. */
export function unpackedBytes(manifest: Pick<BackboneManifest, "config">): number {
  const matrices = tensorNames(manifest.config).filter(({ name, shape }) => shape.length === 2 && name.startsWith("layers."));
  return matrices.reduce((sum, { shape }) => sum + 8 * shape.reduce((a, b) => a * b, 1), 0);
}

/** Throws a sentence when the backbone cannot be unpacked on this backend. WebGPU has its own limits, and plain JavaScript the machine's. */
export function refuseTooLarge(manifest: Pick<BackboneManifest, "config" | "name">, backend: string): void {
  const needed = unpackedBytes(manifest);
  if (backend !== "wasm" || needed <= wasmBytes - wasmReserve) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `backbone ${manifest.name} takes ${gigabytes(needed)} once its layers are unpacked, and WebAssembly's memory ends at ${gigabytes(wasmBytes)}: ` +
      "it needs a browser with WebGPU, or choose a smaller backbone",
  );
}
