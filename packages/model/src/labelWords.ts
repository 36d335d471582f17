import type { RunLabel } from "@tutti/data";
import type { TextTokenizer } from "./tokenizer.ts";

/** A label with its word, and whether the word says what the label means. */
export interface ChosenWord extends RunLabel {
  readonly isOwn: boolean;
}

/** Words without a meaning of their own for labels that the backbone has no word for. */
const neutralWords =
  "one two three four five six seven eight nine ten red blue green black white north south east west first second third gold silver".split(
    " ",
  );

/** The word of each label: the label itself, or one of its words, where that is one token of the backbone; else one that training has to give a meaning. */
export function chooseLabelWords(labels: readonly string[], tokenizer: Pick<TextTokenizer, "encode" | "unknownId">): readonly ChosenWord[] {
  const taken = new Set<string>();
  const isOneToken = (word: string): boolean => {
    const ids = tokenizer.encode(` ${word}`);
    return ids.length === 1 && ids[0] !== tokenizer.unknownId;
  };
  const take = (words: readonly string[]): string | undefined => {
    const free = words.find((word) => word !== "" && !taken.has(word) && isOneToken(word));
    if (free !== undefined) taken.add(free);
    return free;
  };
  const own = labels.map((name) => take([name.toLowerCase()]));
  labels.forEach((name, index) => {
    own[index] ??= take(partsOf(name)); // after all labels that are words themselves, so that none of these is taken
  });
  return labels.map((name, index) => {
    const word = own[index] ?? take(neutralWords);
    if (word === undefined) throw new Error(`label "${name}": this backbone has no word left for it; take fewer labels, or simpler words`);
    return { name, word, isOwn: own[index] !== undefined };
  });
}

/** A label's words, the longest first, and of equals the last. */
function partsOf(name: string): string[] {
  const parts = name.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return parts.reverse().sort((a, b) => b.length - a.length);
}
