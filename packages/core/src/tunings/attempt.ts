import { z } from "zod";
import { deviations } from "../deviations.ts";
import { folderNameSchema } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { bottleneck, declareTuning, promptTokens } from "./declaration.ts";
import { linear, promptEntry, small, weightEntry } from "./entry.ts";

const own = [
  "One task at a time: nothing is shared between tasks, and prompt and attention network have one rate.",
  "The task's own prompt starts at normal(0, 0.02), not at a source prompt; padding does not enter a text's query.",
  "The source prompts are this project's own, tuned on ag_news, QNLI and BoolQ.",
];

/** A prompt of the task's own, mixed with frozen source prompts by attention over them (ATTEMPT, https://arxiv.org/abs/2205.11961). */
export const attempt = declareTuning({
  method: "attempt",
  title: "ATTEMPT",
  about: "A soft prompt of the task's own, and a network that mixes it with frozen source prompts, text by text.",
  publication: {
    authors: "Asai, Salehi, Peters, Hajishirzi",
    title: "ATTEMPT: Parameter-Efficient Multi-task Tuning via Attentional Mixtures of Soft Prompts",
    venue: "EMNLP",
    year: 2022,
    link: "https://arxiv.org/abs/2205.11961",
  },
  deviations: own,
  settings: {
    promptTokens: promptTokens.default(16),
    /** r, width of the attention network's hidden layer. */
    bottleneck: bottleneck.default(100),
    /** Names of source prompts; public/prompts/<backbone>/<name>-<promptTokens>.json holds each. */
    sources: z.array(folderNameSchema).min(1).max(settingLimits.maxSources).readonly().default(["ag_news", "qnli", "boolq"]),
  },
  hasLayers: false,
  trainsBackbone: false,
  promptTokens: (own) => own.promptTokens,
  isRelativeToSeed: () => false,
  sourcePrompts: ({ sources, promptTokens: tokens }) => ({ sources, promptTokens: tokens }),
  entries: ({ hiddenSize: width }, tuning) => [
    promptEntry("attempt/prompt", [tuning.promptTokens, width], null, small),
    weightEntry("attempt/down", [tuning.bottleneck, width], null, linear(width)),
    weightEntry("attempt/up", [width, tuning.bottleneck], null, linear(tuning.bottleneck)),
    weightEntry("attempt/normWeight", [width], null, { mean: 1, stdDev: 0 }),
    weightEntry("attempt/normBias", [width], null),
  ],
  methods: {
    attempt: {
      deviations: [deviations.averaged, deviations.optimised, ...own, deviations.linearHead, deviations.promptDropout],
      role: "baseline",
      baseline: 6,
      trained: "a soft prompt of the task's own, and a network that mixes it with frozen source prompts, text by text",
      travels: "the task's prompt, the network and the head; source prompts are downloaded once",
      tuning: (base) => ({ promptTokens: base.promptTokens }),
    },
  },
});
