import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { presets, type RunSettings } from "@tutti/core";
import { afterAll, expect, test } from "vitest";
import { ConfigError } from "./config.ts";
import { temporaryFolder } from "./testing/startTest.ts";
import { readBackboneSizes, tunedParameters } from "./tuned.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

function addManifest(name: string, manifest: object): void {
  mkdirSync(join(folder.path, "backbones", name), { recursive: true });
  writeFileSync(join(folder.path, "backbones", name, "manifest.json"), JSON.stringify(manifest));
}

const config = { numLayers: 3, hiddenSize: 10, numHeads: 6, numKeyValueHeads: 2, headSize: 4 };
const tensors = [{ name: "layers.0.attention.query.weight", shape: [24, 10] }];

test("a manifest says how wide queries, keys and values are, and which tensors there are", () => {
  addManifest("whole", { config, tensors, tokenizer: { file: "tokenizer.json" } });
  expect(readBackboneSizes(folder.path, "whole")).toEqual({
    numLayers: 3,
    hiddenSize: 10,
    keyValueWidth: 8,
    queryWidth: 24,
    weights: tensors,
  });
});

test("a backbone that is missing, or has no tokenizer, is refused with what to do", () => {
  expect(() => readBackboneSizes(join(folder.path, "elsewhere"), "whole")).toThrow("it has none; `tutti backbone add` makes one");
  addManifest("weights", { config, tensors, tokenizer: null });
  expect(() => readBackboneSizes(folder.path, "weights")).toThrow(
    "backbone weights has no tokenizer, so it cannot read texts: add it again from a folder with tokenizer.json",
  );
  addManifest("broken", { config: { numLayers: 0 } });
  expect(() => readBackboneSizes(folder.path, "broken")).toThrow("is not a manifest");
  expect(() => readBackboneSizes(folder.path, "none")).toThrow(
    /backbones has no backbone "none"; its backbones are broken, weights, whole; `tutti backbone add` makes one$/,
  );
});

test("a run whose LoRA does not fit its backbone is refused at the start with every reason", () => {
  addManifest("narrow", { config, tensors: [{ name: "layers.0.feedForward.up.weight", shape: [40, 10] }], tokenizer: {} });
  const { promptTokens: _, ...common } = presets.demo.tuning;
  const run: RunSettings = {
    ...presets.demo,
    backbone: "narrow",
    tuning: { ...common, method: "lora", rank: 9, alpha: 8, targets: ["v", "up", "gate"], ranks: { up: 11 } },
  };
  const start = () => tunedParameters(run, readBackboneSizes(folder.path, "narrow"), 4);
  expect(start).toThrow(ConfigError);
  expect(start).toThrow(
    /^run\.tuning does not fit backbone narrow:\n {2}tuning\.rank: found 9, expected at most 8 for v, whose matrix is 8 × 10/,
  );
  expect(start).toThrow("tuning.ranks.up: found 11, expected at most 10 for up, whose matrix is 40 × 10");
  expect(start).toThrow("tuning.targets: found gate, but this backbone's feed-forward part has no gate matrix");
});
