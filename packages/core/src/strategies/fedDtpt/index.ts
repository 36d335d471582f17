import { editedTokensOf } from "../../tunings/table.ts";
import { declareStrategy } from "../declaration.ts";
import { decisions } from "./decisions.ts";
import { fedDtptSettings } from "./settings.ts";

const deviations = [
  "The run's own backbone, a masked language model, proposes the words of its own prompt; the publication has another model beside the one that answers.",
  "All devices of a round draw the same places and words, so that a word which helps many is in many prompts; a device tries no edit of the same prompt twice.",
  "An edit stays where more of the private and public examples together are right than before. Nearly equal scores of classes and of words are taken for equal, so that machines agree.",
  "A token stays only where at least `minTokens` prompts have it or one close to it (DBSCAN's least points), and at most as many stay as the prompt has room for, the heaviest.",
  "The embeddings are those of the backbone, read from its file; a cluster's place is the mean of its token's.",
  "A claimed accuracy counts between equal weights alone.",
] as const;

/**
 * FedDTPT (Wu et al., 2024, https://arxiv.org/abs/2411.00985): devices edit a prompt of words by trial, with forward passes alone; the server keeps the tokens that the prompts
 * agree on.
 */
export const fedDtpt = declareStrategy({
  name: "fedDtpt",
  title: "FedDTPT",
  about:
    "Devices try edits of a prompt of words, which a masked language model proposes; the server keeps the words that their prompts agree on.",
  publication: {
    authors: "Wu, Chen, Yang, Li, Hou, Jing, Wang, Chen, Tian",
    title: "FedDTPT: Federated Discrete and Transferable Prompt Tuning for Black-Box Large Language Models",
    venue: "arXiv",
    year: 2024,
    link: "https://arxiv.org/abs/2411.00985",
  },
  deviations,
  settings: fedDtptSettings,
  rules: [
    {
      of: ["tuning", "strategy"],
      path: ["tuning", "method"],
      error: "FedDTPT edits a prompt of words: set tuning.method to discretePrompt",
      holds: ({ tuning }) => editedTokensOf(tuning) !== null,
    },
    {
      of: ["tuning", "strategy"],
      path: ["tuning", "head"],
      error: "FedDTPT trains no weights, so no linear head either: set tuning.head to labelWords",
      holds: ({ tuning }) => tuning.head === "labelWords",
    },
    {
      of: ["tuning", "strategy"],
      path: ["tuning", "positionsAfterPrefix"],
      error: "the words of a discrete prompt are a part of the text: set tuning.positionsAfterPrefix to true",
      holds: ({ tuning }) => tuning.positionsAfterPrefix,
    },
    {
      of: ["paramsEncoding", "strategy"],
      path: ["paramsEncoding"],
      error: "int8 rounds the numbers of tokens: set paramsEncoding to f16 or f32",
      holds: ({ paramsEncoding }) => paramsEncoding !== "int8",
    },
  ],
  editsWords: true,
  takesRules: () => "none",
  backwardPasses: () => "none",
  needsSingleContributions: () => true,
  decisions,
  methods: {},
});
