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
  | { readonly kind: "kernels"; readonly deviceId: number }
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

/** Where the processor time of a local training went. */
export interface KernelTimes {
  readonly totalMs: number;
  /** By the kernel's name, without kernels that it calls; the rest of the total is JavaScript. */
  readonly msByKernel: Readonly<Record<string, number>>;
  readonly numSteps: number;
  /** Calls by the kernel's name. */
  readonly callsByKernel: Readonly<Record<string, number>>;
}

/** What an order is answered with: `optimiser` with its dispatches, `peak` with bytes. */
export interface StepResults {
  readonly open: OpenedSide;
  readonly train: TrainedOnce;
  readonly optimiser: number;
  readonly kernels: KernelTimes;
  readonly peak: number;
}

/** An answer. */
export type StepAnswer = { readonly value: StepResults[keyof StepResults] } | { readonly error: string };
