import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { compareTexts, type Params, type RunSettings, type TextScores, textScores } from "@tutti/core";
import { findTask, loadDataset, requireTextTask, type TextExample } from "@tutti/data";
import { createProxyPredictor, createTextPredictor, type ProxyAnswerer, startBackend } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";

/** Which texts are answered: the first ones of a split. */
export interface AskedTexts {
  readonly publicDir: string;
  /** Settings are chosen by validation texts; reports show test texts. */
  readonly split: "validation" | "test";
  readonly numTexts: number;
  readonly maxNewTokens: number;
  readonly signal?: AbortSignal | undefined;
}

/** A model that has been tuned by a run. */
export interface TunedRun {
  readonly run: RunSettings;
  /** As the run left them. */
  readonly params: Params;
}

/** How somebody answers, and predicts the references' tokens. */
export interface AnswerScores {
  readonly scores: TextScores;
  /** In the order of the texts. */
  readonly answers: readonly string[];
}

/** What one of them does with texts. */
interface Answerer {
  answer(example: TextExample): Promise<string>;
  score(examples: readonly TextExample[]): ReturnType<Awaited<ReturnType<typeof createTextPredictor>>["score"]>;
}

/** The texts, and what is right. */
export async function readAsked(
  { publicDir, split, numTexts }: AskedTexts,
  { run }: Pick<TunedRun, "run">,
): Promise<readonly TextExample[]> {
  const task = requireTextTask(findTask(run.task), "FedPT");
  const dataset = await loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8"), run.seed);
  return dataset[split].slice(0, numTexts);
}

/** The large model as it is, the small one as a run of FedPT left it, and both together: each with the same texts, on this process' backend. */
export async function measureProxy(
  asked: AskedTexts,
  { run, params, large, a }: TunedRun & { readonly large: string; readonly a: number },
  answerers: readonly ProxyAnswerer[],
): Promise<AnswerScores[]> {
  const examples = await readAsked(asked, { run });
  await startBackend("wasm");
  const pair = { large: await load(asked, large), small: await load(asked, run.backbone) };
  const predictor = await createProxyPredictor({ ...pair, run, params }, a);
  const found: AnswerScores[] = [];
  try {
    for (const of of answerers) {
      const answerer: Answerer = {
        answer: (example) => predictor.answer(example, { of, ...questionOf(asked) }),
        score: (texts) => predictor.score(texts, of, asked.signal),
      };
      found.push(await measure(answerer, examples, asked));
    }
  } finally {
    predictor.dispose();
  }
  return found;
}

/** A model that devices tuned directly. */
export async function measureTuned(asked: AskedTexts, { run, params }: TunedRun): Promise<AnswerScores> {
  const examples = await readAsked(asked, { run });
  await startBackend("wasm");
  const predictor = await createTextPredictor(await load(asked, run.backbone), run, params);
  try {
    const answer: Answerer["answer"] = (example) => predictor.answer(example, questionOf(asked));
    return await measure({ answer, score: (texts) => predictor.score(texts) }, examples, asked);
  } finally {
    predictor.dispose();
  }
}

const load = ({ publicDir }: AskedTexts, backbone: string) => loadBackboneFolder(join(publicDir, "backbones", backbone));

function questionOf({ maxNewTokens, signal }: AskedTexts) {
  return signal === undefined ? { maxNewTokens } : { maxNewTokens, signal };
}

/** The reference of a text to be continued is that text. */
export function referenceOf(example: TextExample): string {
  return example.kind === "reply" ? example.answer : example.text;
}

/** Only messages are answered; of texts to be continued every token is predicted. */
async function measure({ answer, score }: Answerer, examples: readonly TextExample[], { signal }: AskedTexts): Promise<AnswerScores> {
  const answers: string[] = [];
  for (const example of examples.filter(({ kind }) => kind === "reply")) {
    signal?.throwIfAborted();
    answers.push(await answer(example));
  }
  const compared = answers.map((text, at) => compareTexts(referenceOf(examples[at] as TextExample), text));
  const generated = {
    numExamples: compared.length,
    numExact: compared.reduce((sum, { numExact }) => sum + numExact, 0),
    rougeLSum: compared.reduce((sum, { rougeLSum }) => sum + rougeLSum, 0),
  };
  const { text, lossSum } = await score(examples);
  return { scores: textScores({ ...text, generated: answers.length === 0 ? null : generated }, lossSum), answers };
}
