import type { Random } from "../random.ts";
import { integer, number } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { declareTuning, promptTokens } from "./declaration.ts";
import { weightEntry } from "./entry.ts";

/** A soft prompt P z before the text, of which z alone is tuned and P is fixed and random: the prompt of BBT and FedBPT. */
export const projectedPrompt = declareTuning({
  method: "projectedPrompt",
  title: "Projected prompt",
  about: "A vector z, of which a fixed random matrix makes prompt tokens before the text.",
  publication: {
    authors: "Sun, Shao, Qian, Huang, Qiu",
    title: "Black-Box Tuning for Language-Model-as-a-Service",
    venue: "ICML",
    year: 2022,
    link: "https://arxiv.org/abs/2201.03514",
  },
  deviations: [
    "Values of P are sums of four bytes of the run's random numbers, alike on every machine, and not normal ones; mean and standard deviation are theirs.",
    "P has no part in the step size that a search begins with.",
  ],
  settings: {
    promptTokens: promptTokens.default(16),
    /** d, coordinates of z. */
    dimension: integer(1, settingLimits.maxWidth).default(500),
    /** α: the prompt's standard deviation for a standard normal z, in those of the backbone's word embeddings. */
    spread: number(1e-3, 1e3).default(1),
  },
  hasLayers: false,
  trainsBackbone: false,
  promptTokens: (own) => own.promptTokens,
  searchedSize: (own) => own.dimension,
  isRelativeToSeed: () => true,
  sourcePrompts: () => null,
  entries: (_, { dimension }) => [weightEntry("z", [dimension], null)],
  methods: {},
});

/** Of one of `projectionIntegers`: each byte has the variance (256² − 1) / 12. */
const integerStdDev = Math.sqrt((4 * (256 * 256 - 1)) / 12);

/** Values of P before they are scaled: sums of four bytes less their mean, the same integers on every machine. */
export function projectionIntegers(random: Random, numValues: number): Int16Array {
  const words = new Uint32Array(numValues);
  random.stream({ purpose: "projection" }).fill(words);
  return Int16Array.from(words, (word) => (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24) - 510);
}

/** What those integers are multiplied by, for a prompt whose values have `spread` times the embeddings' standard deviation where z is standard normal. */
export function projectionStdDev(
  embeddingStdDev: number,
  { spread, dimension }: { readonly spread: number; readonly dimension: number },
): number {
  return (spread * embeddingStdDev) / (Math.sqrt(dimension) * integerStdDev);
}
