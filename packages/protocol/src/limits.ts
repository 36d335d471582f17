/** The version both sides must speak; it grows with every change of a message or of the codec (P-1). */
export const protocolVersion = 4;

/** The largest of everything that may arrive; whatever is above is refused before it is stored. */
export const limits = {
  /** Devices that one client may host. */
  maxDevicesPerClient: 1000,
  maxDevices: 100_000,
  maxClients: 2000,
  maxLayers: 256,
  maxClasses: 1000,
  maxRounds: 100_000,
  /** Optimiser steps of one task. */
  maxSteps: 10_000_000,
  maxExamples: 1_000_000,
  maxBatchSize: 4096,
  maxPromptTokens: 1024,
  /** Width of a bottleneck, rank of a low-rank difference. */
  maxWidth: 4096,
  /** Source prompts of one run. */
  maxSources: 32,
  maxLanczosSteps: 1000,
  /** Combinations of protocol and split in one evaluation. */
  maxEvaluationResults: 8,
  /** Points of the history that a status carries. */
  maxHistory: 2000,
  maxThreads: 256,
  /** Characters. */
  maxName: 64,
  maxNickname: 40,
  maxReason: 500,
  maxUserAgent: 500,
  maxUrl: 1000,
  /** One day, in milliseconds. */
  maxDeadlineMs: 86_400_000,
  maxBlobBytes: 1_073_741_824,
  /** Magnitude of any tensor value that counts (P-53). */
  maxMagnitude: 1e4,
  /** Magnitude of any other number that is not a count, such as a loss or a Ritz value. */
  maxNumber: 1e30,
  maxTensors: 2048,
  maxTensorRank: 4,
  /** Floats of all tensors of one message together: 256 MB as f32. */
  maxTensorFloats: 67_108_864,
  /** Bytes of encoded tensors in one message. */
  maxTensorBytes: 268_566_528,
} as const;
