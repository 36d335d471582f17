import { z } from "zod";
import { deviations } from "../deviations.ts";
import { integer, number } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { declareTuning, type OwnFault } from "./declaration.ts";
import { type BackboneSizes, linear, perLayer, type TunedEntry, weightEntry } from "./entry.ts";
import { type LoraMatrix, type LoraOwn, loraLeftOut, loraMatrices, loraShape, loraTargets } from "./loraMatrices.ts";

const spread = "A starts at normal values with the spread of the public code's uniform ones; dropout is 0 unless settings give it.";
const shared =
  "Dropout is of what a matrix reads, and matrices that read the same (q, k and v; up and gate) share its draws, where the public code draws for each.";

const rank = integer(1, settingLimits.maxWidth);
const alpha = number(1e-3, 1e4);

/** A value of one kind for each matrix that has its own. */
function eachTarget<Value extends z.ZodType>(value: Value) {
  const one = value.exactOptional();
  return z.strictObject({ q: one, k: one, v: one, o: one, up: one, gate: one, down: one });
}

/** Low-rank differences of a layer's matrices, times alpha / rank (Hu et al., https://arxiv.org/abs/2106.09685). */
export const lora = declareTuning({
  method: "lora",
  title: "LoRA",
  about: "Low-rank differences of the query and value weights, or of the matrices that `targets` names, times alpha / rank.",
  publication: {
    authors: "Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang, Chen",
    title: "LoRA: Low-Rank Adaptation of Large Language Models",
    venue: "ICLR",
    year: 2022,
    link: "https://arxiv.org/abs/2106.09685",
  },
  deviations: [spread, shared],
  settings: {
    rank: rank.default(8),
    alpha: alpha.default(16),
    /** The matrices that get a difference. */
    targets: z.array(z.enum(loraTargets)).min(1).max(loraTargets.length).readonly().exactOptional(),
    /** Ranks of matrices that have their own. */
    ranks: eachTarget(rank).exactOptional(),
    /** Alphas of matrices that have their own. */
    alphas: eachTarget(alpha).exactOptional(),
    /** Share of the values that A reads that is zeroed while training. */
    dropout: number(0, 0.99).exactOptional(),
    /** What alpha is divided by: the rank, or its root, as in rsLoRA (https://arxiv.org/abs/2312.03732). */
    alphaOver: z.enum(["rank", "rootRank"]).exactOptional(),
  },
  leftOut: loraLeftOut,
  freeSettings: ["dropout"],
  hasLayers: true,
  trainsBackbone: false,
  promptTokens: () => null,
  factorRank: ({ rank }) => rank,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  faults: loraFaults,
  misfits: loraMisfits,
  meaning: (own) => {
    const matrices = loraMatrices(own);
    const [{ rank: firstRank, alpha: firstAlpha }] = matrices;
    const differing = (kind: "rank" | "alpha", usual: number) =>
      Object.fromEntries(matrices.filter((one) => one[kind] !== usual).map((one) => [one.target, one[kind]]));
    return {
      rank: firstRank,
      alpha: firstAlpha,
      targets: matrices.map(({ target }) => target),
      ranks: differing("rank", firstRank),
      alphas: differing("alpha", firstAlpha),
      alphaOver: own.alphaOver ?? loraLeftOut.alphaOver,
    };
  },
  entries: (sizes, own) => {
    const matrices = loraMatrices(own).flatMap((matrix) => {
      const shape = loraShape(matrix, sizes);
      return shape === null ? [] : [{ matrix, shape }];
    });
    return perLayer(sizes, (layer) =>
      matrices.flatMap(({ matrix, shape }) => factors(`lora/${layer}/${matrix.name}`, layer, matrix.rank, shape)),
    );
  },
  methods: {
    lora: {
      deviations: [
        deviations.averaged,
        deviations.optimised,
        "Each factor is averaged separately, which differs from averaging their products.",
        spread,
      ],
      role: "other",
      trained: "low-rank differences of the query and value weights",
      travels: "both factors of each and the head",
      rates: [0.001, 0.003, 0.01],
    },
  },
});

/** The weight's difference is `scale` · b a, and `b` is 0 at the start. */
function factors(name: string, layer: number, size: number, [outputs, inputs]: readonly [number, number]): TunedEntry[] {
  return [weightEntry(`${name}/a`, [size, inputs], layer, linear(inputs)), weightEntry(`${name}/b`, [outputs, size], layer)];
}

/** Targets named twice, and ranks and alphas of matrices that are no targets. */
export function loraFaults({ targets = loraLeftOut.targets, ranks = {}, alphas = {} }: LoraOwn): OwnFault[] {
  const twice = targets.find((target, at) => targets.indexOf(target) !== at);
  const repeated = twice === undefined ? [] : [{ path: ["targets"], error: `${twice} is named twice: name each matrix once` }];
  const strays = Object.entries({ ranks, alphas }).flatMap(([setting, values]) =>
    loraTargets
      .filter((target) => values[target] !== undefined && !targets.includes(target))
      .map((target) => ({ path: [setting, target], error: `${target} is not among targets: add it there, or leave this out` })),
  );
  return [...repeated, ...strays];
}

/** Targets that the backbone does not have, and ranks above the smaller side of a matrix. */
export function loraMisfits(sizes: BackboneSizes, own: LoraOwn): string[] {
  return loraMatrices(own).flatMap((matrix) => {
    const shape = loraShape(matrix, sizes);
    return shape === null ? [missing(matrix)] : tooHigh(matrix, shape, own);
  });
}

function missing({ target }: LoraMatrix): string {
  return `tuning.targets: found ${target}, but this backbone's feed-forward part has no ${target} matrix, as those of LLaMA's family have; take ${target} out`;
}

function tooHigh({ target, rank: found }: LoraMatrix, [outputs, inputs]: readonly [number, number], own: LoraOwn): string[] {
  const most = Math.min(outputs, inputs);
  if (found <= most) return [];
  const isOwn = own.ranks?.[target] !== undefined;
  const wayOut = isOwn ? "lower it" : `lower it, or give ${target} its own in tuning.ranks`;
  return [
    `tuning.${isOwn ? `ranks.${target}` : "rank"}: found ${found}, expected at most ${most} for ${target}, whose matrix is ${outputs} × ${inputs}; ${wayOut}`,
  ];
}
