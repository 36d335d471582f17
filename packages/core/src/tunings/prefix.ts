import { deviations } from "../deviations.ts";
import { declareTuning, promptTokens } from "./declaration.ts";
import { perLayer, promptEntry, small } from "./entry.ts";

/** Prompts before the keys and values of every layer: P-tuning v2 (https://arxiv.org/abs/2110.07602), FedPepTAO. */
export const prefix = declareTuning({
  method: "prefix",
  title: "P-tuning v2",
  about: "Prompts before the keys and values of every layer.",
  publication: {
    authors: "Liu, Ji, Fu, Tam, Du, Yang, Tang",
    title: "P-Tuning v2: Prompt Tuning Can Be Comparable to Fine-tuning Universally Across Scales and Tasks",
    venue: "ACL",
    year: 2022,
    link: "https://arxiv.org/abs/2110.07602",
  },
  deviations: [deviations.prefixWithoutNetwork],
  settings: {
    /** P, prompt tokens per layer. */
    promptTokens: promptTokens.default(16),
  },
  hasLayers: true,
  trainsBackbone: false,
  promptTokens: (own) => own.promptTokens,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  entries: (sizes, tuning) =>
    perLayer(sizes, (layer) => [promptEntry(`prefix/${layer}`, [2, tuning.promptTokens, sizes.keyValueWidth], layer, small)]),
  methods: {
    pTuningV2: {
      deviations: [deviations.averaged, deviations.optimised, deviations.prefixWithoutNetwork],
      role: "baseline",
      baseline: 3,
      isTrafficReference: true,
      trained: "prompts in every layer",
      travels: "all of them and the head",
      tuning: (base) => ({ promptTokens: base.promptTokens }),
    },
  },
});
