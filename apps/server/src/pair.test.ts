import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fedPt, presets, type RunSettings } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requirePair } from "./pair.ts";

const publicDir = join(import.meta.dirname, "../../../public");
const folder = temporaryFolder();
const runOn = (large: string): RunSettings => ({ ...presets.demo, backbone: "etude", strategy: { ...fedPt.defaults, large } });

beforeAll(() => {
  const at = (name: string) => join(folder.path, "backbones", name);
  mkdirSync(at("other"), { recursive: true });
  for (const [name, as] of [
    ["etude", "etude"],
    ["concerto", "other"],
  ] as const) {
    mkdirSync(at(as), { recursive: true });
    for (const file of ["manifest.json", "tokenizer.json"]) cpSync(join(publicDir, "backbones", name, file), join(at(as), file));
  }
  const tokenizer = JSON.parse(readFileSync(join(at("other"), "tokenizer.json"), "utf8"));
  tokenizer.model.vocab = { ...tokenizer.model.vocab, "<s>": 1, "<pad>": 0 };
  writeFileSync(join(at("other"), "tokenizer.json"), JSON.stringify(tokenizer));
});
afterAll(() => folder.remove());

test("a pair with one token table may start, and a run without a large model needs no pair", () => {
  requirePair(publicDir, runOn("concerto"));
  requirePair(publicDir, presets.demo);
});

test("a large model whose tokens have other numbers is refused at the start, with both tables and what to choose", () => {
  expect(() => requirePair(folder.path, runOn("other"))).toThrow(
    /^strategy\.large: other and backbone etude do not share one vocabulary \(token tables [0-9a-f]{12} and [0-9a-f]{12}\).*choose two backbones with one tokenizer$/,
  );
});

test("a large model that cannot score its next token is refused with what to choose", () => {
  expect(() => requirePair(publicDir, runOn("minuet"))).toThrow(
    /backbone minuet \(roberta\) .* cannot continue it; choose a gpt2 or llama backbone/,
  );
});

test("a large model that is not there is refused with those that are", () => {
  expect(() => requirePair(publicDir, runOn("opera"))).toThrow(/has no backbone "opera"; its backbones are concerto, etude, minuet/);
});
