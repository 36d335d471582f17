import { formatBytes, type TuningSettings } from "@tutti/core";
import { tunedLayout } from "../tuning/layout.ts";
import type { BackboneManifest } from "./manifest.ts";
import { tensorNames } from "./tensorNames.ts";

/** What one WebAssembly memory can address. */
const wasmBytes = 2 ** 32;
/** Left for activations, the optimiser and the library itself. */
const wasmReserve = 512 * 2 ** 20;
/** What a step takes for each trained value at its height, as measured. */
interface StepMemory {
  readonly bytes: number;
  /** What is trained, behind "once its layers are unpacked". */
  readonly trained: string;
  /** What can be made smaller beside the backbone. */
  readonly wayOut: string;
}

/** Of the methods whose trained values are many enough to count beside the weights. */
const stepMemory: Readonly<Partial<Record<TuningSettings["method"], StepMemory>>> = {
  // W, Δ, their sum, the gradient, the optimiser's state before and after and what it computes between
  full: { bytes: 116, trained: " and all trained", wayOut: "" },
  // factors, the same laid out for both directions, the gradient, and the optimiser's state before and after
  lora: { bytes: 51, trained: " and LoRA is trained", wayOut: " or smaller ranks" },
};

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

/** Throws a sentence when the backbone cannot be unpacked, or trained, on this backend. WebGPU has its own limits, and plain JavaScript the machine's. */
export function refuseTooLarge(manifest: Pick<BackboneManifest, "config" | "name">, backend: string, tuning: TuningSettings): void {
  if (backend !== "wasm") return;
  const { bytes, trained, wayOut } = stepMemory[tuning.method] ?? { bytes: 0, trained: "", wayOut: "" };
  const ofTraining = bytes === 0 ? 0 : bytes * tunedLayout(manifest.config, tuning, 0).numMethodValues;
  const needed = unpackedBytes(manifest, usesVocabulary(manifest.config, tuning)) + ofTraining;
  if (needed <= wasmBytes - wasmReserve) return;
  throw new Error(
    `backbone ${manifest.name} needs ${formatBytes(needed)} once its layers are unpacked${trained}, but WebAssembly has at most ${formatBytes(wasmBytes)}: ` +
      `use a browser with WebGPU, or choose a smaller backbone${wayOut}`,
  );
}
