import { type TuningSettings, tuningOf } from "@tutti/core";
import type { BackboneManifest } from "./manifest.ts";
import { tensorNames } from "./tensorNames.ts";

/** What one WebAssembly memory can address. */
const wasmBytes = 2 ** 32;
/** Left for activations, the optimiser and the library itself. */
const wasmReserve = 512 * 2 ** 20;
/** Bytes of each trained weight at the height of a step of full fine-tuning, as measured: W, Δ, their sum, the gradient, the optimiser's state before and after and what it computes between. */
const fullStepBytes = 116;

/**
 * Bytes of a backbone's matrices in f32, each kept for the forward and for the backward product. The embedding table stays packed outside, but where
 * logits over the whole vocabulary are asked for, the table that makes them is unpacked too.
 */
export function unpackedBytes({ config }: Pick<BackboneManifest, "config">, usesVocabulary: boolean): number {
  const isUnpacked = (name: string) => name.startsWith("layers.") || (usesVocabulary && name === "head.dense.weight");
  const matrices = tensorNames(config).filter(({ name, shape }) => shape.length === 2 && isUnpacked(name));
  const numWeights = matrices.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return 8 * (numWeights + (usesVocabulary ? config.vocabSize * config.hiddenSize : 0));
}

/** Whether a run asks for logits over the whole vocabulary; a causal backbone's zero-shot row always does. */
function usesVocabulary({ isCausal }: BackboneManifest["config"], { head, lossOver }: TuningSettings): boolean {
  return isCausal || (head === "labelWords" && lossOver === "vocabulary");
}

/** Bytes that training takes beside the unpacked weights, where they count. */
function trainingBytes({ config }: Pick<BackboneManifest, "config">, tuning: TuningSettings): number {
  if (!tuningOf(tuning).trainsBackbone) return 0;
  const trained = tensorNames(config).filter(({ name }) => name.startsWith("layers."));
  return fullStepBytes * trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Throws a sentence when the backbone cannot be unpacked, or trained, on this backend. WebGPU has its own limits, and plain JavaScript the machine's. */
export function refuseTooLarge(manifest: Pick<BackboneManifest, "config" | "name">, backend: string, tuning: TuningSettings): void {
  const needed = unpackedBytes(manifest, usesVocabulary(manifest.config, tuning)) + trainingBytes(manifest, tuning);
  if (backend !== "wasm" || needed <= wasmBytes - wasmReserve) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `backbone ${manifest.name} takes ${gigabytes(needed)} once its layers are unpacked${tuningOf(tuning).trainsBackbone ? " and all trained" : ""}, and WebAssembly's memory ends at ${gigabytes(wasmBytes)}: ` +
      "it needs a browser with WebGPU, or choose a smaller backbone",
  );
}
