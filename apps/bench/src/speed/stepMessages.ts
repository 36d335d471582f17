import type { RunSettings } from "@tutti/core";

/** What a process of stepChild.ts computes with. */
export interface StepSetup {
  /** The checkout whose code is measured. */
  readonly root: string;
  /** Holds backbones/ and datasets/. */
  readonly publicDir: string;
  readonly backend: "wasm" | "webgpu";
  readonly threads: number;
  readonly backbone: string;
  /** Beside the demo's settings. */
  readonly tuning: RunSettings["tuning"];
  /** Devices 0 to this one hold the first shares of the run's partition. */
  readonly numDevices: number;
}

/** What stepChild.ts is asked to do. */
export type StepOrder =
  | { readonly kind: "open"; readonly setup: StepSetup }
  | { readonly kind: "train"; readonly deviceId: number; readonly epochs: number }
  | { readonly kind: "optimiser" }
  | { readonly kind: "peak"; readonly deviceId: number };

/** A trainer that has started. */
export interface OpenedSide {
  /** By device. */
  readonly numExamples: readonly number[];
  readonly kernels: string;
}

/** One local training. */
export interface TrainedOnce {
  readonly numSteps: number;
  readonly ms: number;
  /** Of the whole process. */
  readonly processorMs: number;
  readonly lastLoss: number;
  /** On WebGPU, otherwise 0. */
  readonly dispatches: number;
  readonly pipelines: number;
}

/** An answer: of `open` an OpenedSide, of `train` a TrainedOnce, of `optimiser` its dispatches, of `peak` bytes. */
export type StepAnswer = { readonly value: OpenedSide | TrainedOnce | number } | { readonly error: string };
