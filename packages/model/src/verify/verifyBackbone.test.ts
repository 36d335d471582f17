import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { loadBackboneFolder } from "../node.ts";
import { goldenBackbone, goldenFile } from "../testing/golden.ts";
import { goldenTolerance, verifyBackbone } from "./verifyBackbone.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

test.each(["gpt2", "llama3"])("every kind of number of %s is within its tolerance, suffixes included", async (family) => {
  const errors = await verifyBackbone(goldenBackbone(family), goldenFile(family), { hasSpectrum: false });
  expect(errors).toHaveProperty("suffix losses");
  expect(errors["suffix prediction"]).toBe(0);
  for (const [kind, error] of Object.entries(errors)) expect(error, kind).toBeLessThan(goldenTolerance(kind, "wasm") ?? 0);
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

test("another backbone's golden numbers are far off, and a file of another kind is refused", async () => {
  const errors = await verifyBackbone(goldenBackbone("roberta"), goldenFile("bert"), { hasSpectrum: false });
  expect(Math.max(...Object.values(errors))).toBeGreaterThan(0.1);
  await expect(verifyBackbone(goldenBackbone("roberta"), { cases: [] })).rejects.toThrow("the golden file is of no known form");
});

test("tolerances are stricter where no GPU rounds", () => {
  expect(goldenTolerance("logits", "cpu")).toBe(1e-5);
  expect(goldenTolerance("logits", "webgpu")).toBe(1e-4);
  expect(goldenTolerance("Ritz weights", "wasm")).toBe(2e-3);
  expect(goldenTolerance("keep share, absolute", "cpu")).toBeNull();
});
