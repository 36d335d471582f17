import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExperimentResult } from "@tutti/record";
import { readSettingsFile } from "@tutti/server";
import { afterAll, beforeAll, expect, test } from "vitest";

const project = fileURLToPath(new URL("../../../..", import.meta.url));
const onBoth = ["FedPepTAO", "FedPipe", "LoRA"];
const onTopic = ["FedPepTAO", "FedPipe", "FedBPT", "FedKSeed", "SLoRA", "FedARA", "FedTT", "FedTT+", "FedDTPT"];
const onReplies = ["FedPepTAO", "LoRA", "FFA-LoRA", "FedSA-LoRA", "RoLoRA", "FedEx-LoRA", "FedPT", "LoRA of the large model"];
const numRows = { train: 24, validation: 4, test: 8 };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-systems-"));
  await mkdir(join(folder, "public"));
  await symlink(join(project, "public/backbones"), join(folder, "public/backbones"));
  for (const dataset of ["feedback", "replies"]) await writeRows(dataset);
  await writeFile(join(folder, "systems.yaml"), JSON.stringify(shortened()));
});
afterAll(() => rm(folder, { recursive: true }));

/** The first rows of a built-in data set. */
async function writeRows(dataset: string): Promise<void> {
  const to = join(folder, "public/datasets", dataset);
  await mkdir(to, { recursive: true });
  for (const [split, count] of Object.entries(numRows)) {
    const lines = (await readFile(join(project, "public/datasets", dataset, `${split}.jsonl`), "utf8")).split("\n");
    await writeFile(join(to, `${split}.jsonl`), `${lines.slice(0, count).join("\n")}\n`);
  }
}

interface Method {
  readonly name: string;
  readonly tasks?: readonly string[];
  readonly set?: { readonly strategy?: { readonly name?: string } };
}

/** Settings of strategies with which a round is soon over. */
const littleWork: Readonly<Record<string, object>> = {
  fedBpt: { numIterations: 1, maxExamples: 4 },
  fedKSeed: { numSteps: 2 },
  fedAra: { warmupRounds: 0, cooldownRounds: 1 },
  fedDtpt: { numTrials: 2, maxExamples: 4, maxPublic: 4 },
  fedPt: { distillSteps: 2, topK: 8 },
};

/** The built-in experiment with all of its entries, and as little work for each as there can be: most on one of the two tasks. */
function shortened(): object {
  const whole = readSettingsFile(join(project, "apps/lab/experiments/systems.yaml"));
  const settings = {
    numDevices: 2,
    cohortSize: 2,
    numRounds: 2,
    evaluateEvery: 2,
    partition: { kind: "iid" },
    training: { localEpochs: 1, batchSize: 4, clientLearningRate: 0.003 },
    strategy: { countingRounds: 1, probeDevices: 1, lanczosSteps: 3 },
    generation: { numAnswers: 2, maxNewTokens: 3 },
  };
  const methods = (whole.methods as readonly (string | Method)[]).map((entry) => {
    const method: Method = typeof entry === "string" ? { name: entry } : entry;
    const placed = method.tasks === undefined && method.name !== "fedPipe" ? { ...method, tasks: ["replies"] } : method;
    if (method.name === "sLora") return { ...placed, set: { ...method.set, "strategy.sparseRounds": 1 } };
    if (method.set?.strategy === undefined) return placed;
    const less = littleWork[method.set.strategy.name ?? ""];
    return { ...placed, set: { ...method.set, strategy: { ...method.set.strategy, ...less } } };
  });
  return { ...whole, tasks: ["feedback/topic", "replies"], settings, methods, seeds: [1] };
}

/** `tutti`; `stopAt` is what it says when it is to be stopped by Ctrl-C. */
function tutti(args: readonly string[], stopAt?: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [join(project, "apps/cli/bin/tutti.mjs"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let isStopped = false;
  const listen = (text: Buffer) => {
    said += text.toString();
    if (stopAt === undefined || isStopped || !said.includes(stopAt)) return;
    isStopped = true;
    child.kill("SIGINT");
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, said })));
}

test("every system of the comparison starts, is resumed and is reported, and its page is written by one command", async () => {
  const out = join(folder, "out");
  const command = ["lab", "run", join(folder, "systems.yaml"), "--out", out, "--clients", "node", "--tabs", "2"];
  const places = ["--public", join(folder, "public"), "--yes"];
  const stopped = await tutti([...command, ...places], "done  ");
  expect(stopped.code, stopped.said).toBe(130);
  const finished = await tutti([...command, ...places]);
  expect(finished.code, finished.said).toBe(0);
  const numDone = Number(/(\d+) of them done/.exec(finished.said)?.[1]);
  const result: ExperimentResult = JSON.parse(await readFile(join(out, "results.json"), "utf8"));
  const of = (task: string) => result.runs.filter((run) => run.task === task);
  expect(numDone).toBeGreaterThan(0);
  expect(numDone).toBeLessThan(result.runs.length);
  const [topic, replies] = [of("feedback/topic"), of("replies")].map((runs) => runs.map(({ methodTitle }) => methodTitle));
  expect(topic).toEqual(expect.arrayContaining(onTopic));
  expect(replies).toEqual(expect.arrayContaining(onReplies));
  for (const { methodTitle, final, metric, error, bytes, correctNote } of result.runs) {
    expect([error, correctNote], methodTitle).toEqual([null, null]);
    expect(final.global?.score, methodTitle).toBeGreaterThanOrEqual(0);
    expect(final.global?.numTexts, methodTitle).toBe(metric === "rougeL" ? 2 : numRows.test);
    expect(bytes.up, methodTitle).toBeGreaterThan(0);
  }
  const fedPt = of("replies").find(({ methodTitle }) => methodTitle === "FedPT");
  expect(fedPt?.steps?.map(({ kind }) => kind)).toEqual(["train", "logits", "distil", "train", "evaluate"]);
  for (const title of ["FedPT", "FedPT without distillation"]) {
    const { otherModels } = of("replies").find(({ methodTitle }) => methodTitle === title) ?? {};
    expect(otherModels, title).toMatchObject([
      { name: "concerto, untouched", numTexts: 2 },
      { name: "concerto, proxy-tuned", numTexts: 2 },
    ]);
  }
  const written = await tutti(["lab", "page", out, join(folder, "results")]);
  expect(written.code, written.said).toBe(0);
  const page = await readFile(join(folder, "results/systems.md"), "utf8");
  for (const title of new Set(replies)) expect(page).toContain(`| ${title} |`);
  expect(page).toContain("## What did not work");
}, 400_000);

test("there are at most 60 runs, three seeds of each system on each of its tasks", async () => {
  const { code, said } = await tutti(["lab", "list", "systems"]);
  expect(code, said).toBe(0);
  const names = said.split("\n").flatMap((line) => /^[0-9a-f]{16} {2}(.*) · seed (\d)$/.exec(line)?.slice(1, 3).join("|") ?? []);
  expect(names.length).toBeLessThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.endsWith("|3"))).toHaveLength(names.length / 3);
  for (const title of onBoth)
    expect(names.filter((name) => name.startsWith(`${title} ·`) && name.endsWith("|1"))).toEqual([
      `${title} · feedback/topic|1`,
      `${title} · replies|1`,
    ]);
});
