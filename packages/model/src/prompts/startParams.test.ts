import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSafetensors } from "../backbone/safetensors.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { goldenPeftBackbone, peftFolder, randomPrompts } from "../testing/peftGolden.ts";
import { peftFiles, writePeftFolder } from "./peftFolder.ts";
import { writePromptsFile } from "./promptsFile.ts";
import { readStartParams } from "./startParamFiles.ts";

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "tutti-start-"));
});
afterAll(() => rm(place, { recursive: true }));

const linear = randomPrompts("roberta", { head: "linear" });
const words = randomPrompts("roberta", { head: "labelWords" });
const manifest = goldenPeftBackbone("roberta");

async function folderOf(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const folder = join(place, name);
  await mkdir(folder, { recursive: true });
  for (const [file, bytes] of files) await writeFile(join(folder, file), bytes);
  return folder;
}

const withTuning = (settings: RunSettings, tuning: object): RunSettings => ({
  ...settings,
  tuning: { ...settings.tuning, ...tuning } as RunSettings["tuning"],
});

test("a run starts from a prompts file, from a run's folder and from an exported adapter with the same parameters", async () => {
  const run = await folderOf("run", new Map([["prompts.safetensors", writePromptsFile(linear)]]));
  const adapter = await folderOf("adapter", writePeftFolder(linear, manifest));
  const { runId, settings, params } = linear;
  const file = join(run, "prompts.safetensors");
  const ofTutti = { runId, unused: [] };
  expect(await readStartParams(file, manifest, settings)).toEqual({
    params,
    origin: { kind: "promptsFile", path: file, baseModel: null, ...ofTutti },
  });
  expect(await readStartParams(run, manifest, settings)).toEqual(await readStartParams(file, manifest, settings));
  expect(await readStartParams(adapter, manifest, settings)).toEqual({
    params,
    origin: { kind: "peftAdapter", path: adapter, baseModel: "golden/roberta", ...ofTutti },
  });
  const { params: ordered } = await readStartParams(adapter, manifest, settings);
  expect(Object.keys(ordered)).toEqual(["prefix/0", "prefix/1", "prefix/2", "head/weight", "head/bias"]);
});

test("a run starts from an adapter that peft wrote, and says what of it is not used", async () => {
  const folder = peftFolder("written/roberta-classifier");
  const run = withTuning(words.settings, { promptTokens: 5, positionsAfterPrefix: true });
  const { params, origin } = await readStartParams(folder, manifest, run);
  expect(Object.keys(params)).toEqual(["prefix/0", "prefix/1", "prefix/2"]);
  expect(origin).toMatchObject({ runId: null, baseModel: "golden/roberta" });
  expect(origin.unused).toContain("base_model.classifier.out_proj.weight");
  const other = withTuning(words.settings, { promptTokens: 3, head: "linear" });
  await expect(readStartParams(folder, manifest, other)).rejects.toThrow(
    `${folder} does not fit the run: tuning.promptTokens is 5, the run has 3; tuning.positionsAfterPrefix is true, the run has false; tuning.head is labelWords, the run has linear; change the run's settings, or start from other parameters`,
  );
});

test("every setting that gives parameters their meaning must agree, and those of the training need not", async () => {
  const file = join(await folderOf("settings", new Map([["prompts.safetensors", writePromptsFile(linear)]])), "prompts.safetensors");
  const read = (run: RunSettings) => readStartParams(file, manifest, run);
  const { settings } = linear;
  const fits = { ...withTuning(settings, { promptDropout: 0.3, lossOver: "vocabulary" }), seed: 99, numRounds: 3 };
  expect((await read(fits)).params).toEqual(linear.params);
  const wrong: [RunSettings, string][] = [
    [withTuning(settings, { method: "lora", rank: 2, alpha: 4 }), "tuning.method is prefix, the run has lora"],
    [withTuning(settings, { promptTokens: 8 }), "tuning.promptTokens is 3, the run has 8"],
    [withTuning(settings, { positionsAfterPrefix: true }), "tuning.positionsAfterPrefix is false, the run has true"],
    [withTuning(settings, { head: "labelWords" }), "tuning.head is linear, the run has labelWords"],
    [{ ...settings, backbone: "minuet" }, "backbone is golden-roberta, the run has minuet"],
    [
      { ...settings, task: "feedback/sentiment" },
      'classes of head/weight is ["delivery","quality","service","price"], the run has ["negative","positive"]',
    ],
  ];
  for (const [run, reason] of wrong) await expect(read(run)).rejects.toThrow(`${file} does not fit the run: ${reason}; change`);
});

test("differences to rows that the seed draws, and a scale of LoRA, are not taken for others", async () => {
  const prompt = { prompt: { shape: [3, 32], data: new Float32Array(96).fill(0.5) } };
  const vocabulary = withTuning(words.settings, { method: "inputPrompt", initial: "vocabulary" });
  const bytes = writePromptsFile({ runId: "r", settings: vocabulary, params: prompt });
  const file = join(await folderOf("vocabulary", new Map([["p.safetensors", bytes]])), "p.safetensors");
  expect((await readStartParams(file, manifest, vocabulary)).params).toEqual(prompt);
  await expect(readStartParams(file, manifest, { ...vocabulary, seed: 99 })).rejects.toThrow(
    `seed is ${vocabulary.seed}, the run has 99; change`,
  );
  const { promptTokens: _, ...common } = { ...words.settings.tuning } as { promptTokens: number };
  const lora = (alpha: number): RunSettings => ({
    ...words.settings,
    tuning: { ...common, method: "lora", rank: 2, alpha } as RunSettings["tuning"],
  });
  const loraFile = writePromptsFile({ runId: "r", settings: lora(4), params: prompt });
  const path = join(await folderOf("lora", new Map([["p.safetensors", loraFile]])), "p.safetensors");
  await expect(readStartParams(path, manifest, lora(8))).rejects.toThrow("tuning.alpha is 4, the run has 8");
});

test("a run starts from LoRA that Tutti or peft wrote, however its settings write the same, and not with others", async () => {
  const tuned = randomPrompts("gpt2", { head: "linear", lora: { targets: ["q", "v", "up"], ranks: { up: 3 } } });
  const backbone = goldenPeftBackbone("gpt2");
  const adapter = await folderOf("lora-adapter", writePeftFolder(tuned, backbone));
  const same = withTuning(tuned.settings, { rank: 9, ranks: { q: 2, v: 2, up: 3 }, targets: ["up", "v", "q"], dropout: 0.4 });
  const { params, origin } = await readStartParams(adapter, backbone, same);
  expect(params).toEqual(tuned.params);
  expect(origin).toMatchObject({ kind: "peftAdapter", runId: tuned.runId });
  await expect(readStartParams(adapter, backbone, withTuning(tuned.settings, { alpha: 5, targets: ["q", "up"] }))).rejects.toThrow(
    'does not fit the run: tuning.alpha is 4, the run has 5; tuning.targets is ["q","v","up"], the run has ["q","up"]; change',
  );

  const written = peftFolder("written/gpt2-lora");
  const { targets: _, ranks: __, ...plain } = tuned.settings.tuning as Extract<RunSettings["tuning"], { method: "lora" }>;
  const run = (more: object): RunSettings => ({
    ...tuned.settings,
    tuning: { ...plain, head: "labelWords", positionsAfterPrefix: true, rank: 3, alpha: 5, targets: ["q", "k", "v", "down"], ...more },
  });
  const read = await readStartParams(written, backbone, run({}));
  expect(Object.keys(read.params).slice(0, 3)).toEqual(["lora/0/query/a", "lora/0/query/b", "lora/0/key/a"]);
  expect(read.params["lora/2/key/a"]).toEqual(read.params["lora/2/query/a"]); // one A of the fused matrix
  await expect(readStartParams(written, backbone, run({ head: "linear" }))).rejects.toThrow(
    "tuning.head is labelWords, the run has linear",
  );
  await expect(readStartParams(written, backbone, run({ targets: ["q", "v"] }))).rejects.toThrow('the run has ["q","v"]');
});

test("a tensor that is missing, has another shape or is not the run's is named", async () => {
  const { settings, params, runId } = linear;
  const path = join(await folderOf("tensors", new Map()), "p.safetensors");
  const read = async (changed: typeof params) => {
    await writeFile(path, writePromptsFile({ runId, settings, params: changed }));
    return readStartParams(path, manifest, settings);
  };
  const { "prefix/1": _, ...without } = params;
  await expect(read(without)).rejects.toThrow(
    `${path}: tensor prefix/1 of shape [2,3,32] is missing; there are head/bias, head/weight, prefix/0`,
  );
  const tensor = { shape: [2, 3, 16], data: new Float32Array(96) };
  await expect(read({ ...params, "prefix/1": tensor })).rejects.toThrow(
    `${path}: tensor prefix/1 has shape [2,3,16], the run on golden-roberta needs [2,3,32]`,
  );
  await expect(read({ ...params, "prefix/3": tensor })).rejects.toThrow(`${path}: tensor prefix/3 is not one that the run trains`);
});

test("a place that holds nothing to start from is named, with what was expected there", async () => {
  const { settings } = words;
  const read = (path: string) => readStartParams(path, manifest, settings);
  await expect(read(join(place, "nowhere"))).rejects.toThrow("nowhere is not there: expected a prompts.safetensors, a run's folder or");
  await expect(read(await folderOf("empty", new Map()))).rejects.toThrow("empty holds neither prompts.safetensors nor adapter_config.json");
  const pickled = await folderOf("pickled", new Map());
  await cp(join(peftFolder("written/gpt2"), peftFiles.config), join(pickled, peftFiles.config));
  await expect(read(pickled)).rejects.toThrow("pickled holds no adapter_model.safetensors, which is read of a peft adapter; save it again");
  const other = join(await folderOf("other", new Map([["x.safetensors", writeSafetensors(words.params)]])), "x.safetensors");
  await expect(read(other)).rejects.toThrow(`${other}: the file holds no tuned prompts: its metadata says format nothing`);
  const gpt2 = peftFolder("written/llama");
  await expect(readStartParams(gpt2, { config: goldenBackbone("roberta").config }, settings)).rejects.toThrow(
    `${gpt2}: tensor prompt_embeddings: shape [5,96], expected [P,192]`,
  );
});
