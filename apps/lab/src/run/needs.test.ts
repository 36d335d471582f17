import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fedPt, sourcePromptPath, tunings } from "@tutti/core";
import { findTask } from "@tutti/data";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ExperimentError, parseExperiment } from "../experiment/experimentFile.ts";
import type { PlannedRun } from "../experiment/plannedRun.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { preparePublic, prepareSources, requireFiles } from "./needs.ts";
import type { Workbench } from "./workbench.ts";

let folder: ReturnType<typeof temporaryFolder>;
let publicDir: string;
beforeEach(() => {
  folder = temporaryFolder();
  publicDir = join(folder.path, "public");
});
afterEach(() => folder.remove());

/** The jobs that a workbench was given, as `kind name`. */
function recordingWorkbench(): Workbench & { readonly jobs: string[] } {
  const jobs: string[] = [];
  return {
    jobs,
    async do(kind, input) {
      jobs.push(`${kind} ${"source" in input ? input.source : "folder" in input ? input.folder : ""}`);
      return null as never;
    },
    close: () => undefined,
  };
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(publicDir, path)), { recursive: true });
  await writeFile(join(publicDir, path), text);
}

const runsOf = (change: object): readonly PlannedRun[] =>
  allRuns(
    planExperiment(parseExperiment({ title: "A", question: "B?", tasks: ["subj"], seeds: [7], methods: ["attempt"], ...change }, "a")),
  );

async function writeRows(dataset: string, rows: Readonly<Record<"train" | "validation" | "test", readonly string[]>>): Promise<void> {
  for (const [split, texts] of Object.entries(rows)) {
    await write(`datasets/${dataset}/${split}.jsonl`, texts.map((text, i) => `${JSON.stringify({ text, label: i % 2 })}\n`).join(""));
  }
}

/** Source prompts that are there already, of the runs' backbone and number of tokens. */
async function writePrompts(sources: Readonly<Record<string, string>>): Promise<void> {
  const settings = runsOf({})[0]?.settings;
  if (settings?.tuning.method !== "attempt") throw new Error("ATTEMPT was planned");
  const { promptTokens } = settings.tuning;
  for (const [name, text] of Object.entries(sources)) await write(sourcePromptPath(settings.backbone, name, promptTokens), text);
}

const prompts = { ag_news: '{"task":"ag_news"}', qnli: '{"task":"qnli"}', boolq: '{"task":"boolq"}' };
const prepare = (workbench = recordingWorkbench()) => prepareSources(publicDir, runsOf({}), workbench, () => undefined);

test("a source prompt that is there is refused where its training rows share text with a run's test rows", async () => {
  await writeRows("subj", { train: ["one", "two"], validation: ["three"], test: ["It broke , again .", "four", "Who won ?"] });
  await writeRows("ag_news", { train: ["five", "it broke, again", "Who won?"], validation: ["six"], test: ["seven"] });
  await writePrompts(prompts);
  await expect(prepare()).rejects.toThrow(ExperimentError);
  await expect(prepare()).rejects.toThrow(
    /^prompts\/minuet\/ag_news-16\.json cannot be used for subj: 2 of its 3 test texts are also in the training data of ag_news; remove ag_news from/,
  );
});

test("validation rows, and a data set that is not here, refuse no source prompt; what is missing is trained", async () => {
  await writeRows("subj", { train: ["one", "two"], validation: ["three"], test: ["four"] });
  await writeRows("ag_news", { train: ["five", "three"], validation: ["four"], test: ["four"] });
  const { boolq: _, ...others } = prompts;
  await writePrompts(others);
  const workbench = recordingWorkbench();
  await prepare(workbench);
  expect(workbench.jobs).toEqual(["sourcePrompt boolq"]);
});

test("a file that is no source prompt is told by its name", async () => {
  await writePrompts({ ...prompts, qnli: '{"task":' });
  await expect(prepare()).rejects.toThrow("prompts/minuet/qnli-16.json does not say which task it was trained on; remove it");
});

test("beside random backbones stands every backbone of the public folder", async () => {
  for (const name of ["minuet", "own"]) await write(`backbones/${name}/manifest.json`, name);
  await write("backbones/half/weights.bin", "");
  await write("datasets/feedback/train.jsonl", "");
  const runs = runsOf({
    tasks: ["feedback/topic"],
    methods: ["fedPepTao"],
    grid: { backbone: { path: "backbone", values: ["own", "random-3"] } },
  });
  const workbench = recordingWorkbench();
  const own = await preparePublic(publicDir, join(folder.path, "out"), runs, () => workbench);
  expect((await readdir(join(own, "backbones"))).sort()).toEqual(["minuet", "own"]);
  expect(await readFile(join(own, "backbones/own/manifest.json"), "utf8")).toBe("own");
  expect(workbench.jobs).toEqual([`randomBackbone ${join(own, "backbones/random-3")}`]);
  expect(await preparePublic(publicDir, join(folder.path, "out"), runsOf({ methods: ["lora"] }), () => workbench)).toBe(publicDir);
});

test("a rank above a matrix's size is told before anything runs, with the backbone", async () => {
  for (const file of Object.values(findTask("feedback/topic").files)) await write(`datasets/feedback/${file}`, "");
  const config = { numLayers: 2, hiddenSize: 32, numHeads: 4, numKeyValueHeads: 1, headSize: 8 };
  await write("backbones/minuet/manifest.json", JSON.stringify({ config, tensors: [], tokenizer: {} }));
  const grid = { ranks: { path: "tuning.rank", values: [8, 9] } };
  const runs = runsOf({ tasks: ["feedback/topic"], methods: ["lora"], grid });
  const fits = runs.filter(({ settings: { tuning } }) => tuning.method === "lora" && tuning.rank === 8);
  expect(fits.length).toBeGreaterThan(0);
  expect(() => requireFiles(publicDir, fits)).not.toThrow();
  expect(() => requireFiles(publicDir, runs)).toThrow(ExperimentError);
  expect(() => requireFiles(publicDir, runs)).toThrow(
    /^these settings do not fit their backbone:\n {2}on minuet: tuning\.rank: found 9, expected at most 8 for v, whose matrix is 8 × 32; lower it, or give v its own in tuning\.ranks$/,
  );
});

test("runs that do not go with the kind of their task are told before anything runs, a sentence each", async () => {
  for (const task of ["feedback/topic", "replies"])
    for (const file of Object.values(findTask(task).files)) await write(`datasets/${findTask(task).dataset}/${file}`, "");
  const manifest = (family: string, isCausal: boolean) =>
    JSON.stringify({
      config: { numLayers: 2, hiddenSize: 32, numHeads: 4, numKeyValueHeads: 4, headSize: 8, family, isCausal },
      tensors: [],
      tokenizer: {},
    });
  for (const name of ["etude", "concerto"]) {
    await write(`backbones/${name}/manifest.json`, manifest("gpt2", true));
    await write(`backbones/${name}/tokenizer.json`, JSON.stringify({ model: { vocab: { a: 0 } } }));
  }
  await write("backbones/minuet/manifest.json", manifest("roberta", false));
  const faults = (change: object) => {
    try {
      requireFiles(publicDir, runsOf({ tasks: ["replies"], methods: ["lora"], ...change }));
      return [];
    } catch (error) {
      if (!(error instanceof ExperimentError)) throw error;
      return error.message.split("\n");
    }
  };
  expect(faults({})).toEqual([]);
  const [head, ...encoder] = faults({ settings: { backbone: "minuet" } });
  expect(head).toBe("these runs do not go with their task:");
  expect(encoder).toEqual([
    "  task: replies is answered with text, and backbone minuet (roberta) reads the whole text at once and cannot continue it; choose a gpt2 or llama backbone",
  ]);
  expect(faults({ settings: { tuning: { head: "linear" } } }).slice(1)).toEqual([
    "  replies has no classes for a linear head: set tuning.head to labelWords, or leave it out",
  ]);
  expect(faults({ settings: { backbone: "random-3" } }).slice(1)).toEqual([
    "  task: replies is answered with text, and random-3 reads the whole text at once, as minuet does; choose a gpt2 or llama backbone",
  ]);
  const tuning = { ...tunings.lora.defaults, promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" };
  const federated = { name: "settings", title: "FedPT", set: { tuning, strategy: fedPt.defaults } };
  expect(faults({ tasks: ["feedback/topic"], methods: [federated], settings: { backbone: "etude" } }).slice(1)).toEqual([
    "  FedPT works with text tasks only, and feedback/topic is a classification task: choose a reply or continuation task",
  ]);
  await write("backbones/concerto/tokenizer.json", JSON.stringify({ model: { vocab: { b: 0 } } }));
  expect(faults({ methods: [federated] }).slice(1)).toEqual([
    expect.stringMatching(/^ {2}strategy\.large: concerto and backbone etude do not share one vocabulary/),
  ]);
});
