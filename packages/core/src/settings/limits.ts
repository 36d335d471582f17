/** The largest values that a run's settings may have. */
export const settingLimits = {
  maxDevices: 100_000,
  maxRounds: 100_000,
  /** Optimiser steps of one task. */
  maxSteps: 10_000_000,
  maxBatchSize: 4096,
  maxPromptTokens: 1024,
  /** Width of a bottleneck, rank of a low-rank difference. */
  maxWidth: 4096,
  /** Answers that one evaluation generates. */
  maxAnswers: 100_000,
  maxNewTokens: 4096,
  /** Source prompts of one run. */
  maxSources: 32,
  maxLanczosSteps: 1000,
  /** Of tensor trains. */
  maxTrainRank: 64,
  /** Points of one iteration, and iterations of one round, of a device's search. */
  maxPopulation: 256,
  maxSearchIterations: 1000,
  /** Edits of a prompt that one task tries, and words that each is drawn among. */
  maxTrials: 1000,
  maxCandidates: 1024,
  /** Directions that a device measures for one task. */
  maxDirections: 16_384,
  /** Seeds of a pool, and steps of a device along them in a round. */
  maxSeeds: 65_536,
  maxSeedSteps: 4096,
  /** Ranks that devices have by turns. */
  maxDeviceRanks: 64,
  /** Characters. */
  maxName: 64,
  /** Classes that are made up for a run, and characters of each. */
  maxLabels: 20,
  maxLabel: 40,
  /** One day, in milliseconds. */
  maxDeadlineMs: 86_400_000,
} as const;
