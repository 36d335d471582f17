/**
 * Words that a backbone was trained to fill in as the label of a text, before any run. minuet: its second pretraining stage (model card), cloze
 * sentences over reviews, stars, Yahoo topics and sentence pairs.
 */
const wordsSeen: Readonly<Record<string, readonly string[]>> = {
  minuet: [
    "terrible",
    "bad",
    "fair",
    "good",
    "great",
    "awful",
    "wonderful",
    "yes",
    "maybe",
    "no",
    "society",
    "science",
    "health",
    "education",
    "computer",
    "sports",
    "business",
    "music",
    "family",
    "politics",
  ],
};

/** What is known of a backbone and the label words of a prompt. */
export interface SeenLabelWords {
  /** `unknown` where a backbone's training is not on record here. */
  readonly answer: "all" | "some" | "none" | "unknown";
  readonly seen: readonly string[];
}

/** Which label words the backbone's pretraining used as labels: the report's column "label words seen in pretraining". */
export function seenLabelWords(backbone: string, labelWords: readonly string[]): SeenLabelWords {
  const known = Object.hasOwn(wordsSeen, backbone) ? wordsSeen[backbone] : undefined;
  if (known === undefined) return { answer: "unknown", seen: [] };
  const seen = labelWords.filter((word) => known.includes(word.toLowerCase()));
  return { answer: seen.length === labelWords.length ? "all" : seen.length === 0 ? "none" : "some", seen };
}
