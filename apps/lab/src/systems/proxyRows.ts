import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { compareTexts, type Params, type RunSettings } from "@tutti/core";
import { findTask, loadDataset, requireTextTask } from "@tutti/data";
import { createProxyPredictor, type ProxyAnswerer, startBackend } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";

/** How one of the three answers the test texts. */
export interface ProxyRow {
  readonly of: ProxyAnswerer;
  /** Mean F of ROUGE-L. */
  readonly rougeL: number;
  readonly exactMatch: number;
}

/** The three rows, and some answers beside their references. */
export interface ProxyRows {
  readonly rows: readonly ProxyRow[];
  readonly numTexts: number;
  readonly answers: readonly ProxyAnswers[];
}

/** A message of the public test part with what each answers. */
export interface ProxyAnswers extends Readonly<Record<ProxyAnswerer, string>> {
  readonly text: string;
  readonly reference: string;
}

/** In the order of the report. */
export const answerers = ["large", "small", "proxy"] as const satisfies readonly ProxyAnswerer[];

/** What is asked. */
export interface ProxyRowsOptions {
  readonly publicDir: string;
  readonly run: RunSettings;
  readonly large: string;
  readonly a: number;
  /** Of the small model, as the run left them. */
  readonly params: Params;
  readonly numTexts: number;
  readonly numShown: number;
  readonly maxNewTokens: number;
}

/** Answers the first test texts with each of the three, and compares with the references. */
export async function measureProxy(options: ProxyRowsOptions): Promise<ProxyRows> {
  const { publicDir, run, large: name, a, params, numTexts, numShown, maxNewTokens } = options;
  const task = requireTextTask(findTask(run.task), "FedPT's report");
  const { test } = await loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8"), run.seed);
  await startBackend("wasm");
  const load = (backbone: string) => loadBackboneFolder(join(publicDir, "backbones", backbone));
  const predictor = await createProxyPredictor({ large: await load(name), small: await load(run.backbone), run, params }, a);
  const examples = test.slice(0, numTexts);
  const answers: ProxyAnswers[] = [];
  try {
    for (const example of examples) {
      const say = (of: ProxyAnswerer) => predictor.answer(example, { of, maxNewTokens });
      const reference = example.kind === "reply" ? example.answer : example.text;
      answers.push({ text: example.text, reference, large: await say("large"), small: await say("small"), proxy: await say("proxy") });
    }
  } finally {
    predictor.dispose();
  }
  const rows = answerers.map((of) => ({ of, ...meansOf(answers.map((answer) => compareTexts(answer.reference, answer[of]))) }));
  return { rows, numTexts: answers.length, answers: answers.slice(0, numShown) };
}

function meansOf(sums: readonly { readonly numExact: number; readonly rougeLSum: number }[]): Omit<ProxyRow, "of"> {
  const mean = (of: (sum: { readonly numExact: number; readonly rougeLSum: number }) => number) =>
    sums.length === 0 ? 0 : sums.reduce((total, sum) => total + of(sum), 0) / sums.length;
  return { rougeL: mean(({ rougeLSum }) => rougeLSum), exactMatch: mean(({ numExact }) => numExact) };
}
