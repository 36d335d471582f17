import * as tf from "@tensorflow/tfjs";
import { createRandom, type Params, presets, type TunedMethod, tuningMeaning, tuningSchema } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { tokenBatch } from "../backbone/batch.ts";
import { readSafetensors, writeSafetensors } from "../backbone/safetensors.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import {
  exportedCases,
  goldenPeftBackbone,
  type PeftNumbers,
  peftFolderFiles,
  peftNumbers,
  randomPrompts,
  readGolden,
} from "../testing/peftGolden.ts";
import { predict } from "../training/objective.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { relativeError } from "../verify/relativeError.ts";
import { peftFiles, readPeftFolder, writePeftFolder } from "./peftFolder.ts";
import { peftForms } from "./peftForms.ts";

/** Of f32 against peft in float64: measured 6e-8 to 4e-7. A key taken for a value, or a prefix in another layer, is at 0.1 and more. */
const tolerance = 1e-5;

beforeAll(async () => {
  await startBackend("cpu");
});

/** What our forward pass makes of the texts: word logits or states at each text's last token, or class logits of the whole text. */
function ourNumbers(
  params: Params,
  { checkpoint, texts, ...wanted }: PeftNumbers,
  positionsAfterPrefix: boolean,
  tuning: TunedMethod = { method: "prefix", promptTokens: 5, head: "labelWords" },
): Float32Array {
  const transformer = createTransformer(goldenBackbone(checkpoint));
  const tuner = createTuner(transformer, tuning, { random: createRandom(1) });
  const tokens = tokenBatch(texts, transformer.config.padTokenId);
  const numbers = tf.tidy(() => {
    const values = Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
    if (wanted.classLogits !== undefined) {
      const numClasses = params["head/bias"].data.length;
      const batch = { tokens, labels: texts.map(() => 0), maskPositions: texts.map(() => null) };
      const objective = { head: "linear", numClasses } as const;
      return predict(values, batch, { transformer, tuner, objective, positionsAfterPrefix }).classLogits.dataSync();
    }
    const { last, rowOf } = tuner.forward(values, tokens, { positionsAfterPrefix, hasGradient: false });
    const rows = tf.gather(
      last,
      texts.map((text, i) => rowOf(i, text.length - 1)),
    );
    return (wanted.logits === undefined ? rows : transformer.head.forward(rows, null, false).logits).dataSync();
  });
  transformer.dispose();
  return numbers as Float32Array;
}

const expectedOf = ({ logits, classLogits, lastHidden }: PeftNumbers) => (logits ?? classLogits ?? lastHidden ?? []).flat();

test.each([
  ["bert", []],
  ["gpt2", []],
  ["llama", []],
  ["gpt2-projected", []],
  ["roberta-classifier", ["dense.bias", "dense.weight", "out_proj.bias", "out_proj.weight"].map((name) => `base_model.classifier.${name}`)],
])("an adapter that peft wrote computes peft's numbers: %s", (name, unused) => {
  const numbers = peftNumbers(`written/${name}`);
  const adapter = readPeftFolder(peftFolderFiles(`written/${name}`), goldenBackbone(numbers.checkpoint).config);
  expect(adapter).toMatchObject({ baseModel: `golden/${numbers.checkpoint}`, unused, description: null });
  expect(adapter.params["prefix/2"].shape).toEqual([2, 5, numbers.checkpoint === "llama" ? 16 : 32]);
  expect(relativeError(ourNumbers(adapter.params, numbers, true), expectedOf(numbers))).toBeLessThan(tolerance);
  expect(relativeError(ourNumbers(adapter.params, numbers, false), expectedOf(numbers))).toBeGreaterThan(0.1);
});

test.each([
  ["gpt2-lora", { rank: 3, alpha: 5, targets: ["q", "k", "v", "down"] }, []],
  ["llama-lora", { rank: 4, alpha: 6, targets: ["q", "v", "o", "gate"], ranks: { v: 3, gate: 2 }, alphas: { gate: 3 } }, []],
  [
    "roberta-lora",
    { rank: 4, alpha: 6, targets: ["q", "o", "down"], alphaOver: "rootRank" },
    ["dense.bias", "dense.weight", "out_proj.bias", "out_proj.weight"].map((name) => `base_model.model.classifier.${name}`),
  ],
] as const)("LoRA that peft wrote computes peft's numbers: %s", (name, own, unused) => {
  const numbers = peftNumbers(`written/${name}`);
  const adapter = readPeftFolder(peftFolderFiles(`written/${name}`), goldenBackbone(numbers.checkpoint).config);
  expect(adapter).toMatchObject({ baseModel: `golden/${numbers.checkpoint}`, unused, description: null });
  const tuning: TunedMethod = { method: "lora", ...own, head: "labelWords" };
  expect(relativeError(ourNumbers(adapter.params, numbers, false, tuning), expectedOf(numbers))).toBeLessThan(tolerance);
  const common = { promptDropout: 0, positionsAfterPrefix: false, lossOver: "labelWords", head: "labelWords" };
  const [implied, wanted] = [
    { ...common, ...adapter.tuning },
    { ...common, ...tuning },
  ].map((settings) => tuningSchema.parse(settings));
  expect(tuningMeaning(implied)).toEqual(tuningMeaning(wanted));
  const bare = Object.fromEntries(
    Object.entries(adapter.params).map(([key, { shape, data }]) => [key, { shape, data: data.map(() => 0) }]),
  );
  expect(relativeError(ourNumbers(bare, numbers, false, tuning), expectedOf(numbers))).toBeGreaterThan(0.1);
});

test.each(Object.entries(exportedCases))("%s: peft computes with an exported adapter what the run computes", (name, { family, tuning }) => {
  const prompts = randomPrompts(family, tuning);
  const files = writePeftFolder(prompts, goldenPeftBackbone(family));
  // the committed folder is what peft read; of the metadata, which it passes over, settings may have changed since
  const committed = (file: string) => readGolden(`exported/${name}`, file);
  const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
  for (const file of [peftFiles.config, peftFiles.readme]) expect(text(files.get(file))).toBe(text(committed(file)));
  const heads = tuning.head === "linear" ? [peftFiles.head] : [];
  for (const file of [peftFiles.weights, ...heads])
    expect(readSafetensors(files.get(file) ?? new Uint8Array(0)).params).toEqual(readSafetensors(committed(file)).params);
  expect(files.size).toBe(3 + heads.length);
  const numbers = peftNumbers(`exported/${name}`);
  const positionsAfterPrefix = tuning.positionsAfterPrefix === true;
  const found = ourNumbers(prompts.params, numbers, positionsAfterPrefix, prompts.settings.tuning);
  expect(relativeError(found, expectedOf(numbers))).toBeLessThan(tolerance);
});

test.each([
  ["gpt2", { targets: ["q", "v", "up"], ranks: { v: 3 }, alphas: { v: 6 } }],
  ["bert", { targets: ["q", "down"], dropout: 0.2 }],
  ["llama", { targets: ["gate", "k"], ranks: { k: 5 }, alphaOver: "rootRank" }],
] as const)("an exported LoRA of %s gives back every factor bit by bit", (family, lora) => {
  const tuned = randomPrompts(family, { head: "linear", lora });
  const files = writePeftFolder(tuned, goldenPeftBackbone(family));
  const of = (file: string) => files.get(file) ?? new Uint8Array(0);
  const { config } = goldenBackbone(family);
  const read = readPeftFolder({ config: of(peftFiles.config), weights: of(peftFiles.weights), head: of(peftFiles.head) }, config);
  expect(read.params).toEqual(tuned.params);
  expect(read.unused).toEqual([]);
});

test("GPT-2's fused matrix gets one pair of factors of both ranks, with zeros where keys would be, and one scale", () => {
  const tuned = randomPrompts("gpt2", { lora: { targets: ["q", "v"], ranks: { v: 3 }, alphas: { v: 5 } } }); // scales 4 / 2 and 5 / 3
  const files = writePeftFolder(tuned, goldenPeftBackbone("gpt2"));
  const config = JSON.parse(new TextDecoder().decode(files.get(peftFiles.config)));
  expect(config).toMatchObject({ target_modules: ["attn.c_attn"], fan_in_fan_out: true, rank_pattern: { "attn.c_attn": 5 } });
  expect(config.alpha_pattern).toEqual({ "attn.c_attn": 10 }); // 10 / 5 is q's scale
  const { params } = readSafetensors(files.get(peftFiles.weights) ?? new Uint8Array(0));
  const {
    "base_model.model.transformer.h.1.attn.c_attn.lora_A.weight": a,
    "base_model.model.transformer.h.1.attn.c_attn.lora_B.weight": b,
  } = params;
  expect([a.shape, b.shape]).toEqual([
    [5, 32],
    [96, 5],
  ]);
  const ours = (name: string) => tuned.params[`lora/1/${name}`].data;
  expect([a.data[1 * 32 + 7], a.data[4 * 32 + 9]]).toEqual([ours("query/a")[1 * 32 + 7], ours("value/a")[2 * 32 + 9]]);
  expect(b.data[31 * 5 + 1]).toBe(ours("query/b")[31 * 2 + 1]);
  expect(b.data[(64 + 11) * 5 + 2 + 1]).toBe(Math.fround((5 / 3 / 2) * ours("value/b")[11 * 3 + 1]));
  const isZero = (row: number, column: number) => b.data[row * 5 + column] === 0;
  expect([isZero(31, 2), isZero(40, 0), isZero(40, 4), isZero(75, 0)]).toEqual([true, true, true, true]);
});

test("an exported adapter gives back every parameter bit by bit, and the run that made it", () => {
  const prompts = randomPrompts("roberta", { head: "linear" });
  const files = writePeftFolder(prompts, goldenPeftBackbone("roberta"));
  const of = (file: string) => files.get(file) ?? new Uint8Array(0);
  const { config } = goldenBackbone("roberta");
  const read = readPeftFolder({ config: of(peftFiles.config), weights: of(peftFiles.weights), head: of(peftFiles.head) }, config);
  expect(read.params).toEqual(prompts.params);
  expect(read.description).toMatchObject({ runId: "golden-roberta", task: "feedback/topic" });
  expect(JSON.parse(read.description?.settings ?? "")).toEqual(prompts.settings);
});

test("a hub model's id is what peft is to load, without the revision; another backbone's name otherwise", () => {
  const written = (source: string) => {
    const files = writePeftFolder(randomPrompts("gpt2", {}), { ...goldenPeftBackbone("gpt2"), name: "mine", source });
    return JSON.parse(new TextDecoder().decode(files.get(peftFiles.config))).base_model_name_or_path;
  };
  expect(written("openai-community/gpt2@607a30d783df")).toBe("openai-community/gpt2");
  expect(written("pretrained for Tutti")).toBe("mine");
});

test("a method without an adapter of peft is refused with the reason", () => {
  const prompts = randomPrompts("gpt2", {});
  for (const [method, form] of Object.entries(peftForms)) {
    if (!("reason" in form)) continue;
    const settings = { ...prompts.settings, tuning: { ...presets.default.tuning, method } as never };
    expect(() => writePeftFolder({ ...prompts, settings }, goldenPeftBackbone("gpt2"))).toThrow(
      `tuning.method ${method} has no adapter of peft: ${form.reason}; export it with --format safetensors`,
    );
  }
});

test("an adapter that does not fit this backbone is refused with the name of the file and of what does not fit", () => {
  const files = peftFolderFiles("written/gpt2");
  const { config } = goldenBackbone("gpt2");
  const fields = JSON.parse(new TextDecoder().decode(files.config));
  const read = (changes: object, weights = files.weights, head: Uint8Array | null = null) =>
    readPeftFolder({ config: new TextEncoder().encode(JSON.stringify({ ...fields, ...changes })), weights, head }, config);
  const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((size, extent) => size * extent, 1)) });
  expect(() => read({ peft_type: "IA3" })).toThrow("adapter_config.json: peft_type is IA3; PREFIX_TUNING and LORA are read");
  expect(() => read({ peft_type: undefined })).toThrow("adapter_config.json is not the configuration of a peft adapter");
  expect(() => readPeftFolder({ ...files, config: files.weights }, config)).toThrow("adapter_config.json is not JSON");
  expect(() => read({ num_transformer_submodules: 2 })).toThrow("num_transformer_submodules is 2, an encoder with a decoder; expected 1");
  expect(() => read({ num_layers: 12 })).toThrow("num_layers is 12, expected 3; use the backbone that the adapter was tuned on");
  expect(() => read({ num_virtual_tokens: 4 })).toThrow("num_virtual_tokens is 4, expected 5");
  expect(() => read({}, writeSafetensors({ prompts: tensor(2, 3) }))).toThrow("tensor prompt_embeddings: missing; there are prompts");
  expect(() => read({}, writeSafetensors({ prompt_embeddings: tensor(5, 96) }))).toThrow(
    "tensor prompt_embeddings: shape [5,96], expected [P,192] for keys and values of width 32 in 3 layers",
  );
  expect(() => read({}, files.weights, writeSafetensors({ weight: tensor(2, 32) }))).toThrow(
    "head.safetensors must hold the tensors weight and bias, found weight",
  );
});

test("LoRA that does not fit this backbone, or is of another kind, is refused with what does not fit", () => {
  const files = peftFolderFiles("written/gpt2-lora");
  const { config } = goldenBackbone("gpt2");
  const fields = JSON.parse(new TextDecoder().decode(files.config));
  const { params } = readSafetensors(files.weights);
  const read = (changes: object, tensors: Params = params) =>
    readPeftFolder(
      { config: new TextEncoder().encode(JSON.stringify({ ...fields, ...changes })), weights: writeSafetensors(tensors), head: null },
      config,
    );
  const [a, b] = ["A", "B"].map((factor) => `base_model.model.transformer.h.1.mlp.c_proj.lora_${factor}.weight`);
  const { [a]: factor, ...withoutA } = params;
  const { [b]: _, ...withoutBoth } = withoutA;
  const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((size, extent) => size * extent, 1)) });
  expect(() => read({ use_dora: true })).toThrow(/use_dora|something else than W x \+ scale/);
  expect(() => read({ bias: "all" })).toThrow("something else than W x + scale · B A x");
  expect(() => read({ init_lora_weights: "pissa" })).toThrow("the model's own weights were changed at the start");
  expect(() => read({ lora_alpha: undefined })).toThrow("lora_alpha");
  expect(() => read({ alpha_pattern: { "c_(attn|proj)": 3 } })).toThrow("alpha_pattern c_(attn|proj) is an expression that is not read");
  expect(() => read({}, withoutA)).toThrow(`tensor ${a}: missing beside the other factor`);
  expect(() => read({}, withoutBoth)).toThrow(`tensor ${a}: missing; a run has differences of the same matrices in all 3 layers`);
  expect(() => read({}, { ...params, [a]: tensor(3, 100) })).toThrow("shape [3,100], with lora_B [32,3], expected [3,48] and [32,3]");
  expect(() => read({}, { ...params, [a]: tensor(2, 48), [b]: tensor(32, 2) })).toThrow(
    "rank 2 and alpha 5, but 3 and 5 in an earlier layer",
  );
  expect(() => read({}, { ...params, "base_model.model.lm_head.lora_A.weight": factor })).toThrow(
    "lm_head.lora_A.weight is beside a module that Tutti does not tune in this backbone; it reads those of q, k, v, o, up, down of its 3 layers",
  );
  expect(() => read({}, { other: factor })).toThrow("there are no factors of q, k, v, o, up, down in adapter_model.safetensors");
  const llama = goldenBackbone("llama").config;
  expect(() => readPeftFolder(files, llama)).toThrow("there are no factors of q, k, v, o, up, gate, down");
});
