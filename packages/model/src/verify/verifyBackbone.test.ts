import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { loadBackboneFolder } from "../node.ts";
import { goldenBackbone, goldenFile } from "../testing/golden.ts";
import { goldenTolerance, pastTolerance, verifyBackbone } from "./verifyBackbone.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

test.each(["gpt2", "llama3"])("every kind of number of %s is within its tolerance, suffixes included", async (family) => {
  const errors = await verifyBackbone(goldenBackbone(family), goldenFile(family), { hasSpectrum: false });
  expect(errors).toHaveProperty("suffix losses");
  expect(errors["suffix prediction"]).toBe(0);
  expect(pastTolerance(errors, "wasm")).toEqual({});
});

test("minuet in int8 has its texts' tokens, and numbers as far off as its encoding puts them", async () => {
  const file = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
  const golden = JSON.parse(await readFile(file("packages/model/golden/minuet/golden.json"), "utf8"));
  const errors = await verifyBackbone(await loadBackboneFolder(file("public/backbones/minuet")), golden);
  expect(errors.tokens).toBe(0);
  for (const kind of ["logits", "mean hidden states", "logits with prompt"]) {
    expect(errors[kind], kind).toBeGreaterThan(1e-4);
    expect(errors[kind], kind).toBeLessThan(0.03);
  }
});

test("another backbone's golden numbers are far off, or told by their shape", async () => {
  const errors = await verifyBackbone(goldenBackbone("roberta"), goldenFile("bert"), { hasSpectrum: false });
  expect(Object.keys(pastTolerance(errors, "wasm"))).toContain("logits");
  const refusals: [string, unknown, string][] = [
    ["llama", goldenFile("gpt2"), "of another backbone: 32 values in a key, this one has 16"],
    ["roberta", goldenFile("gpt2"), "of another backbone than this roberta: they are of a causal one"],
    ["gpt2", goldenFile("bert"), "of another backbone than this gpt2: they are of an encoder"],
  ];
  for (const [family, golden, sentence] of refusals) {
    await expect(verifyBackbone(goldenBackbone(family), golden, { hasSpectrum: false })).rejects.toThrow(sentence);
  }
});

test("golden numbers of texts are told by their shape too", async () => {
  const file = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
  const minuet = await loadBackboneFolder(file("public/backbones/minuet"));
  const texts = { cases: [{ text: "a", ids: [0, 1, 2], logitsAtMask: [1, 2, 3], maskPosition: 1 }] };
  await expect(verifyBackbone(minuet, texts)).rejects.toThrow("of another backbone: 3 tokens in the vocabulary, this one has 8192");
  const causal = { cases: [{ text: "a", ids: [0, 1, 2], lastHiddenLastToken: [1] }] };
  await expect(verifyBackbone(minuet, causal)).rejects.toThrow("they are of a causal one");
});

test("a file of another kind is refused", async () => {
  await expect(verifyBackbone(goldenBackbone("roberta"), { cases: [] })).rejects.toThrow("the golden file has an unknown form");
});

test("progress counts the cases and every product of the spectrum", async () => {
  const seen: { done: number; total: number }[] = [];
  const onProgress = (progress: { done: number; total: number }) => void seen.push(progress);
  await verifyBackbone(goldenBackbone("bert"), { cases: goldenFile("bert").cases.slice(0, 1) }, { hasSpectrum: true, onProgress });
  expect(seen).toEqual(Array.from({ length: 21 }, (_, i) => ({ done: i + 1, total: 21 })));
});

test("tolerances are stricter where no GPU rounds, and an error that is no number is past them", () => {
  expect(goldenTolerance("logits", "cpu")).toBe(1e-5);
  expect(goldenTolerance("logits", "webgpu")).toBe(1e-4);
  expect(goldenTolerance("Ritz weights", "wasm")).toBe(2e-3);
  expect(goldenTolerance("keep share, absolute", "cpu")).toBe(2e-3);
  expect(pastTolerance({ logits: 9e-6, loss: Number.NaN, "Hessian product": 3e-3 }, "cpu")).toEqual({
    loss: Number.NaN,
    "Hessian product": 3e-3,
  });
});
