import { deviations } from "../deviations.ts";
import { bottleneck, declareTuning, promptTokens } from "./declaration.ts";
import { generatorEntries } from "./entry.ts";

const own = [
  "This is the variant with prompts at the input and plain matrices, without parameterised hypercomplex multiplication and without dropout.",
  "A text's embedding is the mean of the frozen backbone's last states over its tokens, which decoders have too.",
];

/** Input prompts that a small network makes from the sentence's embedding (IDPG, https://arxiv.org/abs/2204.04497). */
export const idpg = declareTuning({
  method: "idpg",
  title: "IDPG",
  about: "A small network that makes the input's prompts from the text's embedding.",
  publication: {
    authors: "Wu, Wang, Gu, Hou, Dong, Vydiswaran, Ma",
    title: "IDPG: An Instance-Dependent Prompt Generation Method",
    venue: "NAACL",
    year: 2022,
    link: "https://arxiv.org/abs/2204.04497",
  },
  deviations: own,
  settings: {
    promptTokens: promptTokens.default(5),
    /** Width of the generator's hidden layer. */
    bottleneck: bottleneck.default(16),
  },
  hasLayers: false,
  trainsBackbone: false,
  promptTokens: (own) => own.promptTokens,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  entries: (sizes, tuning) => generatorEntries("idpg", sizes.hiddenSize, tuning),
  methods: {
    idpg: {
      deviations: [deviations.averaged, deviations.optimised, ...own],
      role: "baseline",
      baseline: 5,
      trained: "a small network that makes the input's prompts from the text's embedding",
      travels: "the network and the head",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
