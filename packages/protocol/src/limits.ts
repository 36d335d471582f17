import { settingLimits } from "@tutti/core";

/** The version both sides must speak; it grows with every change of a message or of the codec (P-1). */
export const protocolVersion = 9;

/** The largest of everything that may arrive; whatever is above is refused before it is stored. */
export const limits = {
  ...settingLimits,
  /** Devices that one client may host. */
  maxDevicesPerClient: 1000,
  maxClients: 20_000,
  maxLayers: 256,
  maxClasses: 1000,
  maxExamples: 1_000_000,
  /** Of an evaluation's examples together; their bytes as well. */
  maxAnswerTokens: 10_000_000_000,
  /** Answers that a report shows, and characters of each of their texts. */
  maxShownAnswers: 100,
  maxShownText: 2000,
  /** Combinations of protocol and split in one evaluation. */
  maxEvaluationResults: 8,
  /** Contributions that a receipt lists. */
  maxReceiptEntries: 5000,
  /** Points of the history that a status carries. */
  maxHistory: 2000,
  maxThreads: 256,
  /** Characters. */
  maxNickname: 40,
  maxReason: 500,
  /** Sentences of a status, and devices that one of them names. */
  maxSayings: 20,
  maxSaidDevices: 100,
  /** Characters of who runs a run, and of what it is for. */
  maxHostName: 80,
  maxAbout: 300,
  maxUserAgent: 500,
  maxUrl: 1000,
  maxHost: 300,
  maxToken: 200,
  maxBlobBytes: 1_073_741_824,
  /** Magnitude of any tensor value that counts (P-53). */
  maxMagnitude: 1e4,
  /** Magnitude of any other number that is not a count, such as a loss or a Ritz value. */
  maxNumber: 1e30,
  maxTensors: 2048,
  /** Components of one difference, and words of 16 of a mask. */
  maxComponents: settingLimits.maxWidth,
  maxMaskWords: 65_536,
  /** Sets of parameters that one task may name. */
  maxParameterSets: 16,
  maxTensorRank: 4,
  /** Floats of all tensors of one message together: 256 MB as f32. */
  maxTensorFloats: 67_108_864,
  /** Bytes of encoded tensors in one message. */
  maxTensorBytes: 268_566_528,
} as const;
