import type { Params, Tensor } from "./params.ts";

/** What a device measures that computes forward passes alone. */
export interface ForwardSpec {
  /** Direction j is ±1 for each value of the set `global`: the signs of seed + j, modulo 2³². */
  readonly seed: number;
  /** m. */
  readonly numDirections: number;
  /** ε. */
  readonly perturbation: number;
  /** Most examples that directions are measured by. */
  readonly maxExamples: number;
}

/** The device searches the prompt's coordinates z by CMA-ES, with forward passes alone, from where the server's search stands. */
export interface SearchSpec {
  readonly kind: "search";
  /** λ. */
  readonly populationSize: number;
  /** I. */
  readonly numIterations: number;
  readonly covariance: "full" | "diagonal";
  /** σ of round 1. */
  readonly initialStepSize: number;
  /** σ of this round. */
  readonly stepSize: number;
  /** How the server finds the step size of all iterations, which devices do after it. */
  readonly stepSizeRule: "published" | "program";
  /** Share of a text's tokens that are replaced in the texts that the fitness divides by; 0 for the plain loss. */
  readonly corruptFraction: number;
  /** Most examples that points are judged by. */
  readonly maxExamples: number;
  /** Whether the search of round 1 has the mean 0. */
  readonly beginsAtZero: boolean;
  /** First round in the set `told`, which holds all to the round before this one; null without that set. */
  readonly toldFrom: number | null;
  /** Of the search that this round starts from. */
  readonly digest: string;
}

/** The device tries edits of a prompt of words, with forward passes alone, and keeps those that answer better. */
export interface EditSpec {
  readonly kind: "edit";
  readonly numTrials: number;
  /** Words among which each edit's is drawn. */
  readonly numCandidates: number;
  /** Most of the device's own examples that edits are judged by, and most public ones. */
  readonly maxExamples: number;
  readonly maxPublic: number;
  /** Of a prompt. */
  readonly mostTokens: number;
}

/** How a device comes to the parameters of a run whose seeds and accumulators they follow from. */
export interface SeedPoolSpec {
  /** K. */
  readonly numSeeds: number;
  /** Tuned values are multiples of 2 to the power of minus this. */
  readonly gridBits: number;
  /** Rounds that have changed the accumulators. */
  readonly version: number;
  /** The set `changed` holds the accumulators that changed after this version, where any did; null for no such set. */
  readonly changedFrom: number | null;
  /** Of all accumulators of this version. */
  readonly digest: string;
}

/** The device tries perturbations of a pool's seeds, two forward passes each, and moves along each by what it finds. */
export interface PerturbSpec {
  readonly kind: "perturb";
  readonly pool: SeedPoolSpec;
  /** In the pool, of each step's seed. */
  readonly places: readonly number[];
  /** ε. */
  readonly perturbation: number;
  /** η. */
  readonly learningRate: number;
  /** Largest magnitude of a scalar. */
  readonly maxScalar: number;
}

/** What a device's search comes to. */
export interface SearchBody {
  readonly kind: "search";
  /** Its last mean less the round's, as the coordinator decodes it. */
  readonly delta: Params;
  /** Of the last mean: loss, over the loss on corrupted texts where these are asked for. */
  readonly fitness: number;
  /** The root of the mean square of its iterations' step sizes. */
  readonly stepSize: number;
}

/** The prompt that a device's edits lead to. */
export interface EditBody {
  readonly kind: "edit";
  readonly tokens: readonly number[];
  /** Share of the examples that it judged by which the prompt answers rightly. */
  readonly accuracy: number;
  /** What the receiver's backbone has of these tokens: it does not travel. */
  readonly words: TokenWords;
}

/** What a backbone's files say of some tokens. */
export interface TokenWords {
  /** Embeddings, (tokens, H). */
  readonly rows: Tensor;
  /** As people read them. */
  readonly texts: readonly string[];
}

/** What a device found along its perturbations. */
export interface PerturbBody {
  readonly kind: "perturb";
  /** One scalar for each step under `scalars`, (L(θ + ε z) − L(θ − ε z)) / 2ε; 0 where a step was skipped. */
  readonly delta: Params;
  /** Steps without a finite loss. */
  readonly numSkipped: number;
  /** Mean of a step's two losses: of the first step that was not skipped, and of the last. */
  readonly firstLoss: number;
  readonly lastLoss: number;
}
