import { deviations } from "../deviations.ts";
import { bottleneck, declareTuning, promptTokens } from "./declaration.ts";
import { generatorEntries } from "./entry.ts";

const own = "The generator is the plain two-layer one, without dropout; decoders read the last token, encoders the first.";

/** Prompts made from the hidden states at the middle layer and inserted there (LPT, https://arxiv.org/abs/2210.11292). */
export const latePrompt = declareTuning({
  method: "latePrompt",
  title: "LPT",
  about: "A small network that makes prompts from the hidden states at the middle layer; they are inserted there.",
  publication: {
    authors: "Liu, Sun, Huang, Qiu",
    title: "Late Prompt Tuning: A Late Prompt Could Be Better Than Many Prompts",
    venue: "Findings of EMNLP",
    year: 2022,
    link: "https://arxiv.org/abs/2210.11292",
  },
  deviations: [own],
  settings: {
    promptTokens: promptTokens.default(5),
    /** Width of the generator's hidden layer. */
    bottleneck: bottleneck.default(128),
  },
  hasLayers: false,
  trainsBackbone: false,
  promptTokens: (own) => own.promptTokens,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  entries: (sizes, tuning) => generatorEntries("late", sizes.hiddenSize, tuning),
  methods: {
    latePrompt: {
      deviations: [deviations.averaged, deviations.optimised, own, deviations.linearHead],
      role: "baseline",
      baseline: 7,
      trained: "a small network that makes prompts from the hidden states at the middle layer; they are inserted there",
      travels: "the network and the head",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
