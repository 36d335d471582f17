import { formatBytes, type TuningSettings, tuningOf } from "@tutti/core";
import { tunedLayout } from "../tuning/layout.ts";
import type { BackboneManifest } from "./manifest.ts";
import { tensorNames } from "./tensorNames.ts";

/** What one WebAssembly memory can address. */
const wasmBytes = 2 ** 32;
/** Left for activations, the optimiser and the library itself. */
const wasmReserve = 512 * 2 ** 20;
/** Bytes of each trained weight at the height of a step of full fine-tuning, as measured: W, Δ, their sum, the gradient, the optimiser's state before and after and what it computes between. */
const fullStepBytes = 116;
/** The same of each value of LoRA's factors, which are laid out for both directions beside the optimiser's state. */
const loraStepBytes = 51;

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
  if (tuning.method === "lora") return loraStepBytes * tunedLayout(config, tuning, 0).numMethodValues;
  if (!tuningOf(tuning).trainsBackbone) return 0;
  const trained = tensorNames(config).filter(({ name }) => name.startsWith("layers."));
  return fullStepBytes * trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Throws a sentence when the backbone cannot be unpacked, or trained, on this backend. WebGPU has its own limits, and plain JavaScript the machine's. */
export function refuseTooLarge(manifest: Pick<BackboneManifest, "config" | "name">, backend: string, tuning: TuningSettings): void {
  if (backend !== "wasm") return;
  const needed = unpackedBytes(manifest, usesVocabulary(manifest.config, tuning)) + trainingBytes(manifest, tuning);
  if (needed <= wasmBytes - wasmReserve) return;
  const trained = tuning.method === "lora" ? " and LoRA is trained" : tuningOf(tuning).trainsBackbone ? " and all trained" : "";
  throw new Error(
    `backbone ${manifest.name} needs ${formatBytes(needed)} once its layers are unpacked${trained}, but WebAssembly has at most ${formatBytes(wasmBytes)}: ` +
      `use a browser with WebGPU, or choose a smaller backbone${tuning.method === "lora" ? " or smaller ranks" : ""}`,
  );
}
