import { deviations } from "../deviations.ts";
import { bottleneck, declareTuning } from "./declaration.ts";
import { perLayer, type TunedEntry, weightEntry } from "./entry.ts";

const own = [
  "Layer norms stay frozen.",
  "The second matrix starts at 0 and the first at normal(0, 0.01) without truncation, so that adapters start as the identity exactly.",
];

/** Two bottleneck MLPs per layer, after attention and after the feed-forward part (Houlsby et al., https://arxiv.org/abs/1902.00751). */
export const adapter = declareTuning({
  method: "adapter",
  title: "Adapter",
  about: "Two bottleneck networks in every layer, after attention and after the feed-forward part.",
  publication: {
    authors: "Houlsby, Giurgiu, Jastrzebski, Morrone, de Laroussilhe, Gesmundo, Attariyan, Gelly",
    title: "Parameter-Efficient Transfer Learning for NLP",
    venue: "ICML",
    year: 2019,
    link: "https://arxiv.org/abs/1902.00751",
  },
  deviations: own,
  settings: {
    /** Width of the bottleneck. */
    bottleneck: bottleneck.default(32),
  },
  hasLayers: true,
  trainsBackbone: false,
  promptTokens: () => null,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  entries: (sizes, tuning) =>
    perLayer(sizes, (layer) =>
      ["attention", "feedForward"].flatMap((place) =>
        adapterEntries(`adapter/${layer}/${place}`, layer, sizes.hiddenSize, tuning.bottleneck),
      ),
    ),
  methods: {
    adapter: {
      deviations: [deviations.averaged, deviations.optimised, ...own],
      role: "baseline",
      baseline: 1,
      trained: "two bottleneck networks in every layer, after attention and after the feed-forward part",
      travels: "all adapters and the head",
      rates: [0.001, 0.003, 0.01],
    },
  },
});

/** The identity at the start, since `up` is 0. */
function adapterEntries(name: string, layer: number, width: number, size: number): TunedEntry[] {
  return [
    weightEntry(`${name}/down`, [size, width], layer, { mean: 0, stdDev: 0.01 }), // Houlsby et al., §3.6, without the truncation
    weightEntry(`${name}/downBias`, [size], layer),
    weightEntry(`${name}/up`, [width, size], layer),
    weightEntry(`${name}/upBias`, [width], layer),
  ];
}
