import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { addTextSums, compareTexts, formatCount, noText, type Params, type RunSettings, type TextScores, textScores } from "@tutti/core";
import { loadDataset, type TextExample, type TextTask } from "@tutti/data";
import { createTextPredictor, startBackend, type TextPredictor } from "@tutti/model";
import { loadBackboneFolder, readSourcePrompts } from "@tutti/model/node";

/** What is asked of tuned parameters that answer with text. */
interface TextQuestion {
  readonly task: TextTask;
  readonly settings: RunSettings;
  readonly params: Params;
  /** Texts to answer; none where a split is measured. */
  readonly lines: readonly string[];
  readonly split?: "train" | "validation" | "test";
  readonly maxTokens: number;
  readonly backend: "wasm" | "cpu";
  readonly json?: boolean;
  readonly publicFolder: string;
  readonly backboneAt: string;
}

/** Answers of a split that are compared with their references: generating takes its time. */
const maxCompared = 64;

/** Prints the answer to each text, or how right the answers to a split are. */
export async function predictTexts(question: TextQuestion): Promise<void> {
  const { settings, params, lines, split, publicFolder, json = false, maxTokens } = question;
  await startBackend(question.backend);
  const backbone = await loadBackboneFolder(question.backboneAt);
  const predictor = await createTextPredictor(backbone, settings, params, await readSourcePrompts(publicFolder, settings));
  try {
    if (split !== undefined) return await printScores(predictor, question, split);
    for (const text of lines) {
      const answer = await predictor.answer(exampleOf(question.task, text), { maxNewTokens: maxTokens });
      console.log(json ? JSON.stringify({ text, answer }) : `${text}\n  ${answer}\n`);
    }
  } finally {
    predictor.dispose();
  }
}

function exampleOf({ kind }: TextTask, text: string): TextExample {
  return kind === "reply" ? { kind, text, answer: "" } : { kind, text };
}

async function printScores(
  predictor: TextPredictor,
  { task, publicFolder, maxTokens, json = false }: TextQuestion,
  split: "train" | "validation" | "test",
): Promise<void> {
  const dataset = await loadDataset(task, (name) => readFile(join(publicFolder, "datasets", task.dataset, name), "utf8"));
  const examples = dataset[split];
  const { text, lossSum } = await predictor.score(examples);
  let sums = noText;
  for (const example of examples.slice(0, maxCompared)) {
    if (example.kind !== "reply") break;
    const generated = compareTexts(example.answer, await predictor.answer(example, { maxNewTokens: maxTokens }));
    sums = addTextSums(sums, { ...noText, generated });
  }
  const scores = textScores({ ...text, generated: sums.generated }, lossSum);
  const counts = { numExamples: examples.length, numGenerated: sums.generated?.numExamples ?? 0 };
  console.log(
    json ? JSON.stringify({ task: task.name, split, ...counts, ...scores }) : scoresText(task.name, split, { ...scores, ...counts }),
  );
}

/** Such as `replies, test split: perplexity 23.85 per token and 2.31 per byte, …`. */
export function scoresText(
  task: string,
  split: string,
  { numExamples, numGenerated, ...scores }: TextScores & { readonly numExamples: number; readonly numGenerated: number },
): string {
  const { perplexityPerToken, perplexityPerByte, tokenAccuracy, exactMatch, rougeL } = scores;
  const perplexity = `perplexity ${shown(perplexityPerToken, 2)} per token and ${shown(perplexityPerByte, 2)} per byte`;
  const ofTokens = `${perplexity}, token accuracy ${shown(tokenAccuracy, 4)} (of ${formatCount(numExamples, "text")})`;
  if (numGenerated === 0) return `${task}, ${split} split: ${ofTokens}`;
  const ofAnswers = `exact match ${shown(exactMatch, 4)}, ROUGE-L ${shown(rougeL, 4)} (of ${formatCount(numGenerated, "generated answer")})`;
  return `${task}, ${split} split: ${ofTokens}; ${ofAnswers}`;
}

function shown(value: number | null, digits: number): string {
  return value?.toFixed(digits) ?? "–";
}
