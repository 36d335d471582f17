import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom, initialParams, methods, presets, type RunSettings } from "@tutti/core";
import { createPredictor, tunedLayout, writePromptsFile } from "@tutti/model";
import { loadBackboneFolder, readSourcePrompts } from "@tutti/model/node";
import { sourceRecipe } from "@tutti/model/sourceRecipe";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";
import { createProgress } from "../progress.ts";
import { stoppable } from "../stoppable.ts";
import { trainPrompt } from "./train.ts";

const project = fileURLToPath(new URL("../../../../public", import.meta.url));
const bad = ["The box was torn", "Terrible service", "It broke after a day", "Slow and rude", "I want my money back", "It smells awful"];
const good = ["Lovely and quick", "I am delighted", "Works every day", "Kind people", "Cheap, and so pretty", "It smells wonderful"];
const rows = [...bad.map((text) => ({ text, label: "bad" })), ...good.map((text) => ({ text, label: "good" }))];
const jsonl = (some: readonly object[]) => some.map((row) => `${JSON.stringify(row)}\n`).join("");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-cli-prompts-"));
  await mkdir(join(folder, "backbones"));
  await mkdir(join(folder, "datasets"));
  await symlink(join(project, "backbones/minuet"), join(folder, "backbones/minuet"));
  await cp(join(project, "datasets/feedback"), join(folder, "datasets/feedback"), { recursive: true });
  await writeFile(join(folder, "moods.jsonl"), jsonl(rows.slice(1, 11)));
  for (const name of ["validating.jsonl", "testing.jsonl"]) await writeFile(join(folder, name), jsonl([rows[0] ?? {}, rows[11] ?? {}]));
  const held = ["--validation", join(folder, "validating.jsonl"), "--test", join(folder, "testing.jsonl")];
  await tutti("data", "add", join(folder, "moods.jsonl"), ...held, "--datasets", join(folder, "datasets"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a command prints; rejects as the command does. */
async function tutti(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    const program = createProgram();
    for (const command of program.commands.flatMap((one) => [one, ...one.commands])) command.configureOutput({ writeErr: () => undefined });
    await program.parseAsync(words, { from: "user" });
    return lines.join("\n");
  } finally {
    spy.mockRestore();
  }
}

const prompt = (...words: string[]) => tutti("prompt", ...words, "--public", folder);
const files = async () => (await readdir(join(folder, "prompts/minuet")).catch(() => [])).sort();

test("a source prompt is trained on an added task, listed, shown and removed, and the same command makes the same file", async () => {
  expect(await prompt("list")).toContain("No source prompts in");
  const words = ["train", "moods", "--tokens", "3", "--steps", "20", "--batch", "4", "--rate", "0.05", "--seed", "5"];
  const said = await prompt(...words);
  expect(said).toContain("moods-3.json: 3 rows of 128 values, trained on 10 rows of moods");
  expect(said).toMatch(/Validation accuracy 0\.500 before, (0\.500|1\.000) after \(2 rows\)/);
  expect(said).toContain("tuning: { method: attempt, promptTokens: 3, sources: [moods], … }");
  expect(await files()).toEqual(["moods-3.json"]);
  const path = join(folder, "prompts/minuet/moods-3.json");
  const made = await readFile(path, "utf8");
  expect(JSON.parse(made)).toMatchObject({
    name: "moods",
    backbone: "minuet",
    task: "moods",
    numExamples: 10,
    numSteps: 20,
    batchSize: 4,
    learningRate: 0.05,
    seed: 5,
    head: "linear",
    validation: { numExamples: 2, before: 0.5 },
    shape: [3, 128],
  });
  await prompt(...words);
  expect(await readFile(path, "utf8")).toBe(made);

  expect(await prompt("list")).toMatch(/moods\s+minuet\s+moods\s+10\s+20\s+3 × 128\s+0\.500 → \d/);
  const shown = await prompt("show", "moods");
  for (const line of [/task\s+moods, 10 training rows/, /training\s+20 steps of 4 texts, rate 0\.05, seed 5/, /head in training\s+linear/])
    expect(shown).toMatch(line);
  const record = JSON.parse(await prompt("show", "moods", "--json"));
  expect([record.numSteps, record.values]).toEqual([20, undefined]);
  expect(await prompt("remove", "moods")).toContain("Removed ");
  await expect(prompt("show", "moods")).rejects.toThrow("there is no source prompt moods in");
  expect(await files()).toEqual([]);
});

test("without options a source prompt is trained as the lab trains one by itself", async () => {
  const train = createProgram()
    .commands.find((command) => command.name() === "prompt")
    ?.commands.find((command) => command.name() === "train");
  const { steps, batch, rate, seed, head } = train?.opts() ?? {};
  expect({ numSteps: steps, batchSize: batch, learningRate: rate, seed, head }).toEqual(sourceRecipe);
});

test("two sizes of one name lie side by side, and --tokens says which is shown or removed", async () => {
  const train = (...words: string[]) => prompt("train", "moods", "--steps", "1", ...words);
  await train("--name", "pair", "--tokens", "2");
  await train("--name", "pair", "--tokens", "11");
  await train("--name", "pair-2", "--tokens", "3");
  expect(await files()).toEqual(["pair-11.json", "pair-2-3.json", "pair-2.json"]);
  expect(await prompt("list")).toMatch(/pair .* 2 × 128 [\s\S]*pair .* 11 × 128 [\s\S]*pair-2 .* 3 × 128 /);
  for (const command of ["show", "remove"]) {
    await expect(prompt(command, "pair")).rejects.toThrow(/source prompts pair of 2, 11 tokens in .*: choose one with --tokens/);
    await expect(prompt(command, "pair", "--tokens", "3")).rejects.toThrow(/holds no source prompt pair of 3 tokens, but of 2, 11$/);
    await expect(prompt(command, "pair", "--tokens", "0")).rejects.toThrow("from 1 to 1024");
    await expect(prompt(command, "pair-11")).rejects.toThrow(/no source prompt pair-11 in .*; it holds pair, pair-2$/);
  }
  expect(await prompt("show", "pair", "--tokens", "2")).toMatch(/size\s+2 tokens of 128 values/);
  expect(JSON.parse(await prompt("show", "pair", "--tokens", "11", "--json"))).toMatchObject({ name: "pair", shape: [11, 128] });
  expect(await prompt("show", "pair-2")).toMatch(/size\s+3 tokens of 128 values/);
  expect(await prompt("remove", "pair", "--tokens", "11")).toMatch(/Removed .*pair-11\.json\./);
  expect(await files()).toEqual(["pair-2-3.json", "pair-2.json"]);
  expect(await prompt("show", "pair")).toMatch(/size\s+2 tokens of 128 values/);
  await prompt("remove", "pair");
  await prompt("remove", "pair-2", "--tokens", "3");
  expect(await files()).toEqual([]);
});

test("rows are drawn with the seed, label words may answer, and the name is the caller's", async () => {
  const words = ["train", "moods", "--name", "few", "--tokens", "2", "--steps", "2", "--max-rows", "4", "--head", "linear"];
  expect(await prompt(...words, "--for", "feedback/topic")).toContain("trained on 4 rows of moods");
  const sentiment = ["train", "feedback/sentiment", "--tokens", "2", "--steps", "1", "--max-rows", "4", "--head", "labelWords"];
  expect(await prompt(...sentiment)).toContain("feedback-sentiment-2.json");
  expect(await files()).toEqual(["feedback-sentiment-2.json", "few-2.json"]);
});

test("what cannot be trained is refused in a sentence, and nothing is left behind", async () => {
  const before = await files();
  for (const [words, message] of [
    [["tickets"], 'there is no task "tickets"; the tasks are feedback/sentiment'],
    [["sst2"], "`tutti data add sst2` adds them"],
    [["mpqa"], "`tutti data add FOLDER --name mpqa` adds them"],
    [["moods", "--backbone", "other"], "there is no backbone other in"],
    [["moods", "--tokens", "0"], "from 1 to 1024"],
    [["moods", "--tokens", "1025"], "from 1 to 1024"],
    [["moods", "--steps", "1.5"], "whole number"],
    [["moods", "--rate", "0"], "above 0"],
    [["moods", "--max-rows", "11"], "--max-rows 11: there are 10 training rows"],
    [["moods", "--name", "../else"], "../else cannot be a source prompt's name"],
    [["moods", "--for", "feedback/topic,moods"], "moods cannot be a source for moods"],
    [["moods", "--for", "subj"], "`tutti data add subj` adds them"],
    [["replies"], "training a source prompt works with classification tasks only, and replies is a reply task: choose a task with classes"],
  ] as const)
    await expect(prompt("train", ...words), message).rejects.toThrow(message);
  expect(await files()).toEqual(before);
});

test("training shows how far it is, and a signal stops it without a file", async () => {
  const controller = new AbortController();
  const shown: string[] = [];
  const stream = {
    isTTY: true,
    write(text: string) {
      shown.push(text);
      if (text.includes("3 of 1000")) controller.abort(new Error("stopped by SIGINT"));
    },
  };
  const flags = { backbone: "minuet", tokens: 2, steps: 1000, rate: 0.01, batch: 2, seed: 1, head: "linear", backend: "wasm" } as const;
  const ports = { progress: createProgress(stream), signal: controller.signal };
  await expect(trainPrompt("moods", { ...flags, public: folder, name: "stopped" }, ports)).rejects.toThrow("stopped by SIGINT");
  expect(shown.some((text) => /loss \d\.\d{3}, step █*░+ 2 of 1000/.test(text))).toBe(true);
  expect(await files()).not.toContain("stopped-2.json");
});

test("Ctrl-C aborts the work, and is told with its exit code", async () => {
  const before = process.exitCode;
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  const numListeners = process.listenerCount("SIGTERM");
  await stoppable(async (signal) => {
    process.listeners("SIGTERM").at(-1)?.("SIGTERM");
    signal.throwIfAborted();
  });
  spy.mockRestore();
  expect([lines, process.exitCode]).toEqual([["stopped by SIGTERM: nothing was written"], 143]);
  expect(process.listenerCount("SIGTERM")).toBe(numListeners);
  process.exitCode = before;
  await expect(stoppable(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});

test("tuned prompts of an ATTEMPT run predict with their source prompts, and say which one is missing", async () => {
  await prompt("train", "moods", "--name", "source", "--tokens", "2", "--steps", "4", "--rate", "0.5");
  const base: RunSettings = { ...presets.demo, task: "feedback/topic", tuning: { ...presets.demo.tuning, promptTokens: 2 } };
  const attempt = methods.attempt.settings(base);
  if (attempt.tuning.method !== "attempt") throw new Error("not ATTEMPT");
  const settings: RunSettings = { ...attempt, tuning: { ...attempt.tuning, sources: ["source"] } };
  const backbone = await loadBackboneFolder(join(folder, "backbones/minuet"));
  const initial = initialParams(tunedLayout(backbone.config, settings.tuning, 4).entries, createRandom(3));
  const random = createRandom(4).stream({ purpose: "head" });
  const params = { ...initial, "head/weight": { shape: [4, 128], data: Float32Array.from({ length: 512 }, () => random.normal()) } };
  const path = join(folder, "prompts.safetensors");
  await writeFile(path, writePromptsFile({ runId: "one", settings, params }));
  const texts = ["The parcel came late", "Too dear", "The app crashes", "Who do I ask?"];
  const said = await tutti("predict", "--prompts", path, "--public", folder, ...texts);
  const predictor = createPredictor(backbone, settings, params, await readSourcePrompts(folder, settings));
  const asked = texts.map((text) => ({ text }));
  const labels = (await predictor.predict(asked)).map((label) => predictor.classes[label]);
  const probabilities = await predictor.probabilities(asked);
  predictor.dispose();
  const blocks = said.split("\n\n").map((block) => block.split("\n"));
  expect(blocks.map(([text]) => text)).toEqual(texts);
  for (const [index, [, likeliest = "", ...others]] of blocks.entries()) {
    expect(likeliest).toMatch(new RegExp(`^  ${labels[index]} +${Math.max(...(probabilities[index] ?? [])).toFixed(3)}  █`));
    expect(others).toHaveLength(3);
  }
  const json = await tutti("predict", "--prompts", path, "--public", folder, "--json", ...texts);
  expect(json.split("\n").map((line) => JSON.parse(line))).toEqual(
    texts.map((text, index) => {
      const ofClass = Object.fromEntries(predictor.classes.map((name, label) => [name, probabilities[index]?.[label]]));
      return { text, label: labels[index], probabilities: ofClass };
    }),
  );
  const file = join(folder, "texts.txt");
  await writeFile(file, `\uFEFF${texts.join("\r")}`);
  expect(await tutti("predict", "--prompts", path, "--public", folder, "--file", file)).toBe(said);
  await writeFile(file, Buffer.from("Größe passt\n", "latin1"));
  await expect(tutti("predict", "--prompts", path, "--public", folder, "--file", file)).rejects.toThrow(
    "texts.txt is not UTF-8 text: save it as UTF-8",
  );
  const words = createPredictor(backbone, { ...settings, tuning: { ...presets.demo.tuning, head: "labelWords" } }, params);
  expect([predictor.labelWords, words.labelWords]).toEqual([null, ["delivery", "quality", "service", "price"]]);
  words.dispose();
  await prompt("remove", "source");
  await expect(tutti("predict", "--prompts", path, "--public", folder, ...texts)).rejects.toThrow(
    /the run needs prompts\/minuet\/source-2\.json, which is not in .*; `tutti prompt train` makes a source prompt/,
  );
});
