import { formatCount } from "@tutti/core";

/** A text, or a pair of them. */
export interface AskedText {
  readonly text: string;
  readonly textB?: string;
}

/** What the tuned prompts answer with. */
export interface AnswerNames {
  readonly classes: readonly string[];
  /** The word that answers for each class; null where a trained head answers. */
  readonly labelWords: readonly string[] | null;
}

const barWidth = 20;

/** A text, then its classes with the likeliest first, each with its probability and a bar. */
export function answerText({ text, textB }: AskedText, probabilities: readonly number[], { classes, labelWords }: AnswerNames): string {
  const names = classes.map((name, index) => named(name, labelWords?.[index]));
  const width = Math.max(...names.map((name) => name.length));
  const rows = names.map((name, index) => ({ name, probability: probabilities[index] ?? 0 }));
  const lines = rows
    .sort((a, b) => b.probability - a.probability)
    .map(({ name, probability }) => `  ${name.padEnd(width)}  ${probability.toFixed(3)}  ${bar(probability)}`.trimEnd());
  return [textB === undefined ? text : `${text} | ${textB}`, ...lines].join("\n");
}

/** The class, and the word that answers for it where that is another. */
function named(name: string, word: string | undefined): string {
  return word === undefined || word === name ? name : `${name} ("${word}")`;
}

function bar(probability: number): string {
  return "█".repeat(Math.round(barWidth * probability));
}

/** The same as one line of JSON: the text, the likeliest class, and the probability of each class by its name. */
export function answerJson(asked: AskedText, probabilities: readonly number[], { classes, labelWords }: AnswerNames): string {
  const likeliest = probabilities.indexOf(Math.max(...probabilities));
  return JSON.stringify({
    ...asked,
    label: classes[likeliest],
    labelWord: labelWords?.[likeliest],
    probabilities: Object.fromEntries(classes.map((name, index) => [name, probabilities[index]])),
  });
}

/** What was measured on a split. */
export interface SplitScores {
  readonly task: string;
  readonly split: string;
  readonly accuracy: number | null;
  readonly macroF1: number | null;
  readonly numExamples: number;
}

/** Such as `feedback/topic, test split: accuracy 0.6771, macro F1 0.6702 (of 288 texts)`. */
export function splitText({ task, split, accuracy, macroF1, numExamples }: SplitScores): string {
  const scores = `accuracy ${accuracy?.toFixed(4) ?? "–"}, macro F1 ${macroF1?.toFixed(4) ?? "–"}`;
  return `${task}, ${split} split: ${scores} (of ${formatCount(numExamples, "text")})`;
}
