import { z } from "zod";
import { deviations } from "../deviations.ts";
import { declareTuning, promptTokens } from "./declaration.ts";
import { promptEntry, small, zero } from "./entry.ts";

const lester = {
  authors: "Lester, Al-Rfou, Constant",
  title: "The Power of Scale for Parameter-Efficient Prompt Tuning",
  venue: "EMNLP",
  year: 2021,
  link: "https://arxiv.org/abs/2104.08691",
};

/** Soft prompt tokens before the text: Prompt Tuning (https://arxiv.org/abs/2104.08691), FedPrompt (https://arxiv.org/abs/2208.12268). */
export const inputPrompt = declareTuning({
  method: "inputPrompt",
  title: "Soft prompt",
  about: "Prompt tokens before the text, at the input alone.",
  publication: lester,
  deviations: [
    "What starts from rows of the vocabulary is trained as the difference to them, so that prompt dropout draws to them and not to 0.",
  ],
  settings: {
    promptTokens: promptTokens.default(16),
    /**
     * Where the prompt starts: at normal(0, 0.02), or at rows of the backbone's word embeddings. With `vocabulary` the trained parameter is the
     * difference to those rows and starts at 0, so that a coordinator needs no backbone; the rows follow from the run's seed.
     */
    initial: z.enum(["normal", "vocabulary"]).default("normal"),
  },
  hasLayers: false,
  trainsBackbone: false,
  promptTokens: (own) => own.promptTokens,
  isRelativeToSeed: ({ initial }) => initial === "vocabulary",
  sourcePrompts: () => null,
  entries: (sizes, tuning) => [
    promptEntry("prompt", [tuning.promptTokens, sizes.hiddenSize], null, tuning.initial === "normal" ? small : zero),
  ],
  methods: {
    fedPrompt: {
      title: "FedPrompt",
      publication: {
        authors: "Zhao, Du, Li, Li, Liu",
        title: "FedPrompt: Communication-Efficient and Privacy Preserving Prompt Tuning in Federated Learning",
        venue: "ICASSP",
        year: 2023,
        link: "https://arxiv.org/abs/2208.12268",
      },
      deviations: [
        deviations.optimised,
        "Devices are sampled, and their prompts weighted by examples.",
        deviations.linearHead,
        deviations.promptDropout,
      ],
      role: "baseline",
      baseline: 2,
      trained: "a soft prompt at the input",
      travels: "the prompt and the head",
      rates: [0.01, 0.03, 0.1],
      tuning: (base) => ({ promptTokens: base.promptTokens }),
    },
    promptTuning: {
      title: "Prompt Tuning",
      deviations: [
        deviations.averaged,
        "The rate 0.3 is the published one, but the optimiser is AdamW without weight decay in place of Adafactor.",
        "Vocabulary rows are drawn from the first 5,000 tokens, or all of a smaller vocabulary, not from the 5,000 most frequent of a corpus.",
        "The trained values are differences to those rows, so prompt dropout pulls towards the rows and not towards 0.",
        deviations.linearHead,
        deviations.promptDropout,
      ],
      role: "baseline",
      baseline: 4,
      trained: "a soft prompt at the input that starts from rows of the vocabulary",
      travels: "the prompt and the head",
      rates: [0.03, 0.1, 0.3],
      tuning: (base) => ({ promptTokens: base.promptTokens, initial: "vocabulary" }),
      training: () => ({ clientLearningRate: 0.3, weightDecay: 0 }),
    },
  },
});
