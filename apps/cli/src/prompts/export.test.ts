import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createRandom, initialParams, methods, presets, type RunSettings, sizeOf } from "@tutti/core";
import {
  createPredictor,
  parseManifest,
  readPromptsFile,
  startBackend,
  type TunedPrompts,
  tunedLayout,
  writePromptsFile,
} from "@tutti/model";
import { loadBackboneFolder, readCheckpoint, readStartParams } from "@tutti/model/node";
import { parseConfig, readBackboneSizes, readRun, startCoordinator, tunedParameters } from "@tutti/server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";
import { parseRunSettings } from "./runSettings.ts";

const publicFolder = fileURLToPath(new URL("../../../../public", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-cli-export-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What `tutti prompt export` prints; rejects as the command does. */
const exported = (...words: string[]) => tutti("prompt", "export", ...words);

/** What the command prints; rejects as it does. */
async function tutti(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    const program = createProgram();
    for (const command of program.commands.flatMap((one) => [one, ...one.commands])) command.configureOutput({ writeErr: () => undefined });
    await program.parseAsync([...words, "--public", publicFolder], { from: "user" });
    return lines.join("\n");
  } finally {
    spy.mockRestore();
  }
}

const settings: RunSettings = { ...presets.demo, task: "feedback/topic" };

async function manifest() {
  return parseManifest(await readFile(join(publicFolder, "backbones/minuet/manifest.json")));
}

/** Tuned prompts on minuet as a file; answers what they are. */
async function promptsFile(path: string, run: RunSettings = settings) {
  const params = initialParams(tunedLayout((await manifest()).config, run.tuning, 4).entries, createRandom(3));
  await writeFile(path, writePromptsFile({ runId: "one", settings: run, params }));
  return params;
}

test("a prompts file becomes a peft adapter that a run can start from, and back a prompts file", async () => {
  const file = join(folder, "prompts.safetensors");
  const params = await promptsFile(file);
  const out = join(folder, "adapter");
  const said = await exported(file, "--format", "peft", "--out", out);
  expect(said).toContain("adapter: adapter_config.json, adapter_model.safetensors, README.md, head.safetensors");
  expect((await readdir(out)).sort()).toEqual(["README.md", "adapter_config.json", "adapter_model.safetensors", "head.safetensors"]);
  expect(JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8"))).toMatchObject({
    peft_type: "PREFIX_TUNING",
    base_model_name_or_path: "minuet",
    num_layers: 6,
    token_dim: 128,
  });
  expect((await readStartParams(out, await manifest(), settings)).params).toEqual(params);
  await exported(file, "--format", "peft", "--out", out); // an export may take an earlier one's place
  await exported(file, "--format", "safetensors", "--out", join(folder, "again"));
  expect(readPromptsFile(await readFile(join(folder, "again/prompts.safetensors")), parseRunSettings)).toEqual({
    runId: "one",
    settings,
    params,
  });
});

/** Trained LoRA of minuet: no factor is zero. */
async function loraFile(path: string): Promise<TunedPrompts> {
  const { promptTokens: _, ...common } = settings.tuning as Extract<RunSettings["tuning"], { method: "prefix" }>;
  const run: RunSettings = {
    ...settings,
    tuning: { ...common, method: "lora", rank: 4, alpha: 8, targets: ["q", "v", "down"], ranks: { down: 2 } },
  };
  const { entries } = tunedLayout((await manifest()).config, run.tuning, 4);
  const random = createRandom(3).stream({ purpose: "factors" });
  const draw = (size: number) => Float32Array.from({ length: size }, () => 0.2 * random.normal());
  const params = Object.fromEntries(entries.map(({ name, shape }) => [name, { shape, data: draw(sizeOf(shape)) }]));
  const tuned = { runId: "lora", settings: run, params };
  await writeFile(path, writePromptsFile(tuned));
  return tuned;
}

test("LoRA becomes a peft adapter that a run can start from", async () => {
  const file = join(folder, "lora.safetensors");
  const { settings: run, params } = await loraFile(file);
  const out = join(folder, "lora-adapter");
  expect(await exported(file, "--format", "peft", "--out", out)).toContain("shows how to load the adapter in Python");
  expect(JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8"))).toMatchObject({ peft_type: "LORA", r: 4, lora_alpha: 8 });
  expect((await readStartParams(out, await manifest(), run)).params).toEqual(params);
});

test("LoRA is merged into its backbone: a folder that Tutti reads and that answers texts as backbone and run do", async () => {
  const file = join(folder, "lora.safetensors");
  const { settings: run, params } = await loraFile(file);
  const out = join(folder, "merged");
  expect(await exported(file, "--format", "merged", "--out", out)).toContain("shows how to load the model in Python");
  const expected = ["README.md", "config.json", "head.safetensors", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  expect(expected).toEqual(expect.arrayContaining(await readdir(out)));
  expect((await readdir(out)).length).toBeGreaterThan(4);
  await startBackend("wasm");
  const [backbone, merged] = await Promise.all([loadBackboneFolder(join(publicFolder, "backbones/minuet")), readCheckpoint(out)]);
  expect(merged.config).toEqual(backbone.config);
  const bare = Object.fromEntries(
    Object.entries(params).map(([name, { shape, data }]) => [name, { shape, data: name.endsWith("/b") ? data.map(() => 0) : data }]),
  );
  const texts = ["The parcel came late", "Too dear", "The app crashes"].map((text) => ({ text }));
  const answers = await Promise.all(
    [createPredictor(backbone, run, params), createPredictor(merged, run, bare), createPredictor(backbone, run, bare)].map(
      async (predictor) => {
        const found = await predictor.probabilities(texts);
        predictor.dispose();
        return found.flat();
      },
    ),
  );
  const [apart = [], together = [], without = []] = answers;
  const furthest = (some: readonly number[]) => Math.max(...apart.map((value, i) => Math.abs(value - (some[i] ?? Number.NaN))));
  expect(furthest(together)).toBeLessThan(1e-4);
  expect(furthest(without)).toBeGreaterThan(0.01);
});

/** A run that has begun, with what its devices start from. */
async function startedRun(runs: string, runId: string, run: RunSettings): Promise<void> {
  const places = { dataDir: runs, publicDir: publicFolder, pagesDir: null, host: "127.0.0.1", port: 0, logLevel: "silent", runId };
  const config = parseConfig({ ...places, run });
  const tuned = tunedParameters(config.run, readBackboneSizes(publicFolder, config.run.backbone), 4);
  const coordinator = await startCoordinator(config, { tuned });
  await vi.waitFor(() => expect(coordinator.status().message).toContain("devices have registered"), { interval: 5 });
  await coordinator.close();
}

test("`run export` writes a run's adapter and its merged model, one of them at a time", async () => {
  const runs = join(folder, "lora-runs");
  const { settings: run } = await loraFile(join(folder, "lora.safetensors"));
  await startedRun(runs, "mine", run);
  const ofRun = (...words: string[]) => tutti("run", "export", "mine", "--out", runs, ...words);
  await ofRun("--format", "peft");
  expect(await readdir(join(runs, "mine/peft"))).toContain("adapter_model.safetensors");
  await ofRun("--format", "peft", "--folder", join(folder, "elsewhere"));
  expect(await readdir(join(folder, "elsewhere"))).toContain("adapter_config.json");
  await ofRun("--merged", join(folder, "my-model"));
  expect(await readdir(join(folder, "my-model"))).toEqual(expect.arrayContaining(["config.json", "model.safetensors", "tokenizer.json"]));
  await expect(ofRun("--merged", "m", "--format", "peft")).rejects.toThrow("--merged writes a model and nothing else");
  await expect(ofRun("--folder", "f")).rejects.toThrow("--folder is for --format peft");
  await expect(ofRun("--format", "peft", "--file", "f")).rejects.toThrow("--file is for prompts in one file");
}, 60_000);

test("prompts are not merged, nor is a folder that is not a run, and nothing is written", async () => {
  const file = join(folder, "prefix.safetensors");
  await promptsFile(file);
  const out = join(folder, "no-model");
  await expect(exported(file, "--format", "merged", "--out", out)).rejects.toThrow(
    "tuning.method prefix cannot be merged into the backbone: its prompts are read in front of the text, and no weight of the model can hold them",
  );
  await expect(tutti("run", "export", "nobody", "--out", join(folder, "no-runs"), "--merged", out)).rejects.toThrow("no-runs has no runs");
  await expect(readdir(out)).rejects.toThrow("ENOENT");
});

test("a run in its folder is exported by its id and by its folder, from its journal, though it is not over", async () => {
  const runs = join(folder, "runs");
  await mkdir(join(runs, "older/journal"), { recursive: true });
  const packed = fileURLToPath(new URL("../../../server/src/testing/olderRuns/prompts-that-stay.mdb.gz", import.meta.url));
  await writeFile(join(runs, "older/journal/data.mdb"), gunzipSync(await readFile(packed)));
  const { newcomerParams } = await readRun(runs, "older");
  const places = [join(folder, "by-id"), join(folder, "by-folder")];
  await exported("older", "--runs", runs, "--format", "safetensors", "--out", places[0] ?? "");
  await exported(join(runs, "older"), "--format", "safetensors", "--out", places[1] ?? "");
  for (const place of places) {
    const { runId, params } = readPromptsFile(await readFile(join(place, "prompts.safetensors")), parseRunSettings);
    expect([runId, params]).toEqual(["older", newcomerParams]);
  }
});

test("what cannot be exported is refused with the reason, and no other file is lost", async () => {
  const file = join(folder, "refused.safetensors");
  await promptsFile(file, methods.idpg.settings(settings));
  const out = join(folder, "refused");
  await expect(exported(file, "--format", "peft", "--out", out)).rejects.toThrow(
    "tuning.method idpg has no adapter of peft: it makes a prompt from each text",
  );
  await expect(readdir(out)).rejects.toThrow("ENOENT");
  await mkdir(out);
  await writeFile(join(out, "thesis.tex"), "\\end");
  await expect(exported(file, "--format", "safetensors", "--out", out)).rejects.toThrow(
    "refused holds thesis.tex, which an export does not write",
  );
  expect(await readdir(out)).toEqual(["thesis.tex"]);
  await expect(exported("nowhere", "--runs", folder, "--format", "peft", "--out", out)).rejects.toThrow("has no runs");
  await expect(exported(file, "--out", out)).rejects.toThrow("--format");
  await promptsFile(file, { ...settings, backbone: "elsewhere" });
  await expect(exported(file, "--format", "peft", "--out", join(folder, "new"))).rejects.toThrow("there is no backbone elsewhere in");
});
