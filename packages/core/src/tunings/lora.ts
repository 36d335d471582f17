import { deviations } from "../deviations.ts";
import { integer, number } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { declareTuning } from "./declaration.ts";
import { linear, perLayer, type TunedEntry, weightEntry } from "./entry.ts";

const spread = "A starts at normal values with the spread of the public code's uniform ones; there is no dropout.";

/** Low-rank differences of the query and value weights, times alpha / rank (Hu et al., https://arxiv.org/abs/2106.09685). */
export const lora = declareTuning({
  method: "lora",
  title: "LoRA",
  about: "Low-rank differences of the query and value weights, times alpha / rank.",
  publication: {
    authors: "Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang, Chen",
    title: "LoRA: Low-Rank Adaptation of Large Language Models",
    venue: "ICLR",
    year: 2022,
    link: "https://arxiv.org/abs/2106.09685",
  },
  deviations: [spread],
  settings: {
    rank: integer(1, settingLimits.maxWidth).default(8),
    alpha: number(1e-3, 1e4).default(16),
  },
  hasLayers: true,
  trainsBackbone: false,
  promptTokens: () => null,
  factorRank: ({ rank }) => rank,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  entries: (sizes, { rank }) => {
    const { hiddenSize: inputs, keyValueWidth, queryWidth = inputs } = sizes;
    return perLayer(sizes, (layer) => [
      ...factors(`lora/${layer}/query`, layer, { inputs, outputs: queryWidth, rank }),
      ...factors(`lora/${layer}/value`, layer, { inputs, outputs: keyValueWidth, rank }),
    ]);
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

/** The weight's difference is alpha / rank · b a, and `b` is 0 at the start. */
function factors(
  name: string,
  layer: number,
  { inputs, outputs, rank }: { readonly inputs: number; readonly outputs: number; readonly rank: number },
): TunedEntry[] {
  return [weightEntry(`${name}/a`, [rank, inputs], layer, linear(inputs)), weightEntry(`${name}/b`, [outputs, rank], layer)];
}
