import { integer } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { bottleneck, declareTuning } from "./declaration.ts";
import { type BackboneSizes, linear, perLayer, type TunedEntry, weightEntry, zero } from "./entry.ts";
import { coreName, coreShapes, evenFactors } from "./tensorTrainCores.ts";

/** A task has at most 16 parameter sets (SPEC.md, P-58), and cores may be one each. */
const maxCores = 12;

const settings = {
  /** Width of the bottleneck. */
  bottleneck: bottleneck.default(64),
  /** Of each train between two cores. */
  rank: integer(1, settingLimits.maxTrainRank).default(5),
  /** The largest factor that width and bottleneck are split into: fewer make more and smaller cores. */
  maxFactor: integer(2, settingLimits.maxWidth).default(16),
};

/** Two bottleneck networks per layer whose matrices are tensor trains, LoRETTA's adapters (https://arxiv.org/abs/2402.11417), which FedTT trains. */
export const tensorTrain = declareTuning({
  method: "tensorTrain",
  title: "Tensor-train adapter",
  about: "Two bottleneck networks in every layer, each matrix a train of small cores.",
  publication: {
    authors: "Yang, Zhou, Wong, Zhang",
    title: "LoRETTA: Low-Rank Economic Tensor-Train Adaptation for Ultra-Low-Parameter Fine-Tuning of Large Language Models",
    venue: "NAACL",
    year: 2024,
    link: "https://arxiv.org/abs/2402.11417",
  },
  deviations: [
    "There are no biases, and layer norms stay frozen.",
    "The last core of each second matrix starts at 0, so that adapters start as the identity; the others start at normal values by which a matrix has the spread of a linear layer.",
  ],
  settings,
  hasLayers: true,
  trainsBackbone: false,
  promptTokens: () => null,
  trainRank: ({ rank }) => rank,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  misfits,
  entries: (sizes, own) => {
    const factors = trainFactors(sizes.hiddenSize, own);
    if (factors === null) throw new Error(misfits(sizes, own).join("\n"));
    return perLayer(sizes, (layer) =>
      ["attention", "feedForward"].flatMap((place) => [
        ...coreEntries(factors, { layer, place, matrix: "down", rank: own.rank, inputs: sizes.hiddenSize }),
        ...coreEntries(factors, { layer, place, matrix: "up", rank: own.rank, inputs: own.bottleneck }),
      ]),
    );
  },
  methods: {},
});

/** What decides the shapes of the cores. */
export interface TrainOwn {
  readonly bottleneck: number;
  readonly rank: number;
  readonly maxFactor: number;
}

/** k_1 … k_D: the factors of the width, then those of the bottleneck; null where a prime of one of them is too large. */
export function trainFactors(width: number, { bottleneck, maxFactor }: Omit<TrainOwn, "rank">): number[] | null {
  const [ofWidth, ofBottleneck] = [width, bottleneck].map((size) => evenFactors(size, maxFactor));
  return ofWidth === null || ofBottleneck === null ? null : [...ofWidth, ...ofBottleneck];
}

function misfits({ hiddenSize }: BackboneSizes, own: TrainOwn): string[] {
  const found = [
    ["the backbone's width", hiddenSize],
    ["tuning.bottleneck", own.bottleneck],
  ] as const;
  const large = found.flatMap(([what, size]) =>
    evenFactors(size, own.maxFactor) === null
      ? [`tuning.maxFactor: ${what}, ${size}, is no product of factors up to ${own.maxFactor}: raise tuning.maxFactor`]
      : [],
  );
  const numCores = trainFactors(hiddenSize, own)?.length ?? 0;
  if (numCores <= maxCores) return large;
  return [
    ...large,
    `tuning.maxFactor: factors up to ${own.maxFactor} make ${numCores} cores of a matrix, at most ${maxCores} are possible: raise it`,
  ];
}

/** Where a matrix is, and what its values start like. */
interface Place {
  readonly layer: number;
  readonly place: string;
  readonly matrix: "down" | "up";
  readonly rank: number;
  readonly inputs: number;
}

/** A value of the matrix is a sum of rank^(D − 1) products of D values, one of each core; with a last core of 0 it is 0, and that core alone has a gradient. */
function coreEntries(factors: readonly number[], { layer, place, matrix, rank, inputs }: Place): TunedEntry[] {
  const numCores = factors.length;
  const stdDev = (linear(inputs).stdDev / Math.sqrt(rank ** (numCores - 1))) ** (1 / numCores);
  return coreShapes(factors, rank).map((shape, index) => {
    const startsAtZero = matrix === "up" && index === numCores - 1;
    return weightEntry(coreName(layer, place, { matrix, index }), shape, layer, startsAtZero ? zero : { mean: 0, stdDev });
  });
}
