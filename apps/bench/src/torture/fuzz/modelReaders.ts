import { presets, sha256Hex } from "@tutti/core";
import { createPrompter, findTask, requireTextTask } from "@tutti/data";
import {
  backboneFromSafetensors,
  createTokenizer,
  loadBackbone,
  parseExpectedLogits,
  parseManifest,
  parseSourcePrompt,
  peftFiles,
  readHubConfig,
  readPeftFolder,
  readPromptsFile,
  readSafetensors,
  startParams,
  tensorNames,
  writePromptsFile,
} from "@tutti/model";
import { runSettingsSchema } from "@tutti/protocol";
import { corpusFile, projectFile, textOf, utf8 } from "./corpusFiles.ts";
import { byteTarget, jsonTarget } from "./readers.ts";
import type { LazyTarget } from "./target.ts";
import { type CheckpointBytes, convertedFiles, tinyCheckpoint, tinyConfigs, tinyWeights } from "./tinyCheckpoint.ts";

const json = (bytes: Uint8Array): unknown => JSON.parse(textOf(bytes));
const texts = ["the cats", "", "a [MASK] sat.", "é \u0000 😀 <mask>", "s".repeat(120), " \n\t two  spaces 's 12345"];

function safetensors() {
  const samples = [...tinyConfigs.map(tinyWeights), projectFile("packages/model/golden/peft/written/gpt2/adapter_model.safetensors")];
  return byteTarget("safetensors", {
    samples,
    words: ["BF16", "F16", "I64", "__metadata__", "__proto__"],
    read(bytes) {
      const { params } = readSafetensors(bytes);
      for (const [name, { shape, data }] of Object.entries(params))
        if (shape.reduce((product, size) => product * size, 1) !== data.length)
          return Promise.reject(new TypeError(`${name} has another size`));
      return params;
    },
  });
}

/** A configuration of this many values at most is built: the tiny ones, and what is a little larger. */
const mostValues = 1e6;

function checkpoints() {
  const weights = tinyConfigs.map(tinyWeights);
  return jsonTarget("config.json", {
    samples: tinyConfigs,
    read(text, random) {
      const config = readHubConfig(text);
      if (config.numLayers > 100) return config;
      const numValues = tensorNames(config).reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
      return numValues > mostValues
        ? numValues
        : backboneFromSafetensors(text, weights[random.integer(weights.length)] ?? new Uint8Array(0));
    },
  });
}

async function backbones() {
  const folders = await Promise.all(
    (["f32", "f16", "int8", "int4", "nf4"] as const).map((encoding, i) =>
      convertedFiles(tinyCheckpoint(tinyConfigs[i % 3] ?? {}), encoding),
    ),
  );
  return jsonTarget("manifest.json and shards", {
    samples: folders.map((folder) => json(folder.get("manifest.json") ?? new Uint8Array(0))),
    async read(text, random) {
      const folder: CheckpointBytes = new Map(folders[random.integer(folders.length)] ?? []);
      const manifest = parseManifest(utf8(text));
      folder.set("manifest.json", utf8(text).slice());
      const shard = folder.get(`${manifest.shards[0]?.sha256}.bin`);
      if (shard !== undefined && shard.length > 0 && random.integer(4) === 0) {
        // another content under its right name: what lies in a shard is any bytes
        const changed = shard.slice();
        changed[random.integer(shard.length)] = random.integer(256);
        const sha256 = await sha256Hex(changed);
        folder.set(`${sha256}.bin`, changed);
        folder.set("manifest.json", utf8(text.replaceAll(manifest.shards[0]?.sha256 ?? "-", sha256)).slice());
      }
      const backbone = await loadBackbone({
        read: async (file) => {
          const bytes = folder.get(file);
          if (bytes === undefined) throw new Error(`${file} is not there`);
          return bytes.slice();
        },
      });
      for (const name of backbone.names) backbone.tensor(name);
      backbone.rows("embeddings.word", [0]);
    },
  });
}

const tokenizerNames = ["wordPiece", "bpe", "unigram", "wordLevel"];

function tokenizers() {
  return jsonTarget("tokenizer.json", {
    samples: tokenizerNames.map((name) => json(corpusFile(`tokenizer-${name}.json`))),
    read(text, random) {
      const tokenizer = createTokenizer(text, random.integer(2) === 0 ? null : textOf(corpusFile("tokenizer_config.json")));
      const ids = texts.flatMap((one) => [...tokenizer.encode(one), ...tokenizer.encodeTemplate(one)]);
      tokenizer.decode(ids.slice(0, 50));
      tokenizer.tokenOf(ids[0] ?? 0);
    },
  });
}

function tokenizerConfigs() {
  const task = requireTextTask(findTask("replies"), "fuzzing");
  const chat = { ...task, template: { kind: "chat" } } as typeof task;
  const tokenizer = textOf(corpusFile("tokenizer-bpe.json"));
  return jsonTarget("tokenizer_config.json and chat templates", {
    samples: [json(corpusFile("tokenizer_config.json")), json(projectFile("public/backbones/concerto/tokenizer_config.json"))],
    async read(text) {
      createTokenizer(tokenizer, text).encode("the <mask>");
      const prompt = await createPrompter(chat, text);
      prompt({
        kind: "reply",
        text: "hi </s>",
        answer: "yes",
        turns: [
          { role: "user", content: "one" },
          { role: "assistant", content: "two" },
        ],
      });
    },
  });
}

function prompts() {
  const params = { "prefix/0": { shape: [2, 2, 4], data: Float32Array.from({ length: 16 }, (_, i) => i / 7) } };
  const samples = [presets.demo, presets.default].map((settings) => writePromptsFile({ runId: "run-7", settings, params }));
  return byteTarget("prompts.safetensors", {
    samples,
    words: ["tutti-prompts-1", "settings", "feedback/topic", "prefix"],
    read(file, random) {
      if (random.integer(2) === 0) return readPromptsFile(file, (settings) => runSettingsSchema.parse(settings));
      const config = readHubConfig(JSON.stringify(tinyConfigs[0]));
      return startParams({ kind: "promptsFile", path: "prompts.safetensors", file }, { config }, presets.demo);
    },
  });
}

const adapters = ["bert", "gpt2", "gpt2-lora", "gpt2-projected", "llama", "llama-lora", "roberta-classifier", "roberta-lora"];

function peft() {
  const folder = (name: string) => ["packages/model/golden/peft/written", name] as const;
  const opened = adapters.map((name) => ({
    config: projectFile(...folder(name), peftFiles.config),
    weights: projectFile(...folder(name), peftFiles.weights),
    backbone: readHubConfig(textOf(projectFile("packages/model/golden", name.split("-")[0] ?? "", "config.json"))),
  }));
  const readOne = (at: number, changes: { config?: Uint8Array; weights?: Uint8Array; head?: Uint8Array }) => {
    const { config, weights, backbone } = opened[at % opened.length] as (typeof opened)[number];
    return readPeftFolder({ config: changes.config ?? config, weights: changes.weights ?? weights, head: changes.head ?? null }, backbone);
  };
  const configs = jsonTarget("adapter_config.json", {
    samples: opened.map(({ config }) => json(config)),
    read: (text, random) => readOne(random.integer(adapters.length), { config: utf8(text) }),
  });
  const weights = byteTarget("adapter_model.safetensors", {
    samples: opened.map((one) => one.weights),
    words: ["lora_A", "lora_B", "prompt_embeddings", "F16"],
    read: (bytes, random) => readOne(random.integer(adapters.length), random.integer(4) === 0 ? { head: bytes } : { weights: bytes }),
  });
  return [configs, weights] as const;
}

function sourcePrompts() {
  const prompt = {
    formatVersion: 1,
    name: "mr",
    backbone: "minuet",
    task: "mr",
    numExamples: 9,
    numSteps: 3,
    learningRate: 0.01,
    seed: 1,
    shape: [2, 3],
    values: [1, 2, 3, 4, 5, 6.5],
  };
  return jsonTarget("source prompts", {
    samples: [prompt, { ...prompt, batchSize: 8, head: "linear", validation: { numExamples: 3, before: 0.5, after: 0.75 } }],
    read: (text) => parseSourcePrompt(text, "mr.json"),
  });
}

function expectedLogits() {
  return jsonTarget("expected logits", {
    samples: [
      { ids: [[1, 2, 3]], logits: [0.5, 1, -2] },
      { ids: [1], logits: [0.25] },
    ],
    read(text) {
      const value: unknown = parsedOrNull(text);
      return parseExpectedLogits(value, "expected.json");
    },
  });
}

/** What a reader of parsed JSON gets: it is not its own parser. */
export function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What `@tutti/model` reads: backbones, tokenizers, tuned parameters. */
export const modelReaders: readonly LazyTarget[] = [
  { name: "safetensors", open: safetensors },
  { name: "config.json", open: checkpoints },
  { name: "manifest.json and shards", open: backbones, weight: 0.3 },
  { name: "tokenizer.json", open: tokenizers },
  { name: "tokenizer_config.json and chat templates", open: tokenizerConfigs, weight: 0.3 },
  { name: "prompts.safetensors", open: prompts },
  { name: "adapter_config.json", open: () => peft()[0] },
  { name: "adapter_model.safetensors", open: () => peft()[1] },
  { name: "source prompts", open: sourcePrompts },
  { name: "expected logits", open: expectedLogits },
];
