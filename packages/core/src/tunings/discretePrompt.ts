import { createTensor, type Params } from "../params.ts";
import { declareTuning, promptTokens } from "./declaration.ts";
import { weightEntry } from "./entry.ts";

/** The parameter that holds a prompt of words. */
export const promptIds = "tokens";

/** Digits of what stands for a token are below this, which f16 holds exactly. */
const base = 1024;

/** Most tokens that a vocabulary may have, so that two digits hold each. */
export const maxVocabulary = base * base - 1;

/** A prompt of words behind the text's first special token: FedDTPT's. */
export const discretePrompt = declareTuning({
  method: "discretePrompt",
  title: "Discrete prompt",
  about: "Tokens of the vocabulary before the text, up to a number of them: a prompt that people can read.",
  publication: {
    authors: "Wu, Chen, Yang, Li, Hou, Jing, Wang, Chen, Tian",
    title: "FedDTPT: Federated Discrete and Transferable Prompt Tuning for Black-Box Large Language Models",
    venue: "arXiv",
    year: 2024,
    link: "https://arxiv.org/abs/2411.00985",
  },
  deviations: [
    "The prompt is put in front of the task's own template, which stays; it starts without a token.",
    "It has at most `promptTokens` tokens, where the publication's has about 150.",
  ],
  settings: { promptTokens: promptTokens.default(16) },
  misfits: ({ isCausal = false }) =>
    isCausal
      ? ["a masked language model proposes the words of a discrete prompt, and this backbone reads from left to right: choose an encoder"]
      : [],
  hasLayers: false,
  trainsBackbone: false,
  promptTokens: (own) => own.promptTokens,
  editedTokens: (own) => own.promptTokens,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  entries: (_, tuning) => [weightEntry(promptIds, [tuning.promptTokens, 2], null)],
  methods: {},
});

/** A prompt as a run's parameter: id + 1 of each token in two digits, and zeros behind the last. */
export function promptParams(ids: readonly number[], mostTokens: number): Params {
  const data = new Float32Array(2 * mostTokens);
  if (ids.length > mostTokens) throw new Error(`a prompt of ${ids.length} tokens, where ${mostTokens} is the most`);
  ids.forEach((id, at) => {
    data[2 * at] = Math.floor((id + 1) / base);
    data[2 * at + 1] = (id + 1) % base;
  });
  return { [promptIds]: createTensor([mostTokens, 2], data) };
}

/** The inverse of `promptParams`; throws where a value is no digit. */
export function promptOf({ [promptIds]: tensor }: Params): number[] {
  if (tensor === undefined) throw new Error(`a discrete prompt: the parameter ${promptIds} is missing`);
  const { data } = tensor;
  const isDigit = (value: number) => Number.isInteger(value) && value >= 0 && value < base;
  const wrong = data.find((value) => !isDigit(value));
  if (wrong !== undefined) throw new Error(`a discrete prompt: found the value ${wrong}, expected whole numbers below ${base}`);
  const ids = Array.from({ length: data.length / 2 }, (_, at) => data[2 * at] * base + data[2 * at + 1] - 1);
  return ids.filter((id) => id >= 0);
}
