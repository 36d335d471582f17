import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { checkpointFolder, convertBackbone, loadBackboneFolder, openCheckpointFolder, readCheckpoint } from "../node.ts";
import { type ExpectedLogits, expectedError, parseExpectedLogits } from "../verify/expectedLogits.ts";

const goldens = fileURLToPath(new URL("../../golden/configurations/", import.meta.url));
let place: string;
beforeAll(async () => {
  await startBackend("cpu");
  place = await mkdtemp(join(tmpdir(), "tutti-configurations-"));
});
afterAll(() => rm(place, { recursive: true }));

const cases: [string, string[]][] = [
  ["roberta-without-pad-id", []],
  ["bert-head-of-its-own", ["so the two are not tied", "not used by a bert of this configuration: cls.predictions.bias"]],
  ["bert-untied-null-pad", ["not used by a bert of this configuration: cls.predictions.bias"]],
  ["gpt2-general-names", []],
  ["llama-scaling-counts-first", []],
  ["llama-head-of-its-own", ["lm_head.weight differs from model.embed_tokens.weight, so the two are not tied"]],
];

describe.each(cases)("%s", (name, said) => {
  const checkpoint = join(goldens, name);
  let expected: ExpectedLogits;
  beforeAll(async () => {
    expected = parseExpectedLogits(JSON.parse(await readFile(join(checkpoint, "expected.json"), "utf8")), "expected.json");
  });

  test("has transformers' logits to 1e-5, converted, read from disk and read whole", async () => {
    const out = join(place, name);
    const { warnings } = await convertBackbone(checkpoint, out, {
      name,
      encoding: "f32",
      source: "golden",
      licence: "Apache-2.0",
      hasTokenizer: false,
    });
    expect(warnings).toHaveLength(said.length);
    for (const [i, part] of said.entries()) expect(warnings[i]).toContain(part);
    const backbones = [
      await loadBackboneFolder(out),
      await openCheckpointFolder(checkpoint, checkpointFolder(checkpoint)),
      await readCheckpoint(checkpoint),
    ];
    for (const backbone of backbones) expect(await expectedError(backbone, expected)).toBeLessThan(1e-5);
  });
});

test("expected logits of another shape are told by their numbers", async () => {
  const backbone = await readCheckpoint(join(goldens, "gpt2-general-names"));
  const error = (ids: number[][], numLogits: number) =>
    expectedError(backbone, { ids, logits: Array.from({ length: numLogits }, () => 1) });
  await expect(error([[1, 2]], 47)).rejects.toThrow("2 tokens of a vocabulary of 24 have 48, found 47");
  await expect(error([[1, 24]], 48)).rejects.toThrow("the expected ids hold token 24");
  await expect(error([Array.from({ length: 15 }, () => 1)], 15 * 24)).rejects.toThrow(
    "a row of 15 expected ids does not fit the 14 positions",
  );
  expect(() => parseExpectedLogits({ ids: [[1]], logits: "many" }, "e.json")).toThrow("or of another kind: logits");
  expect(() => parseExpectedLogits({ logits: [1, null] }, "e.json")).toThrow(
    /^e\.json must hold ids, rows of token ids as whole numbers, and logits, the numbers row by row; missing or of another kind: ids, logits\.1$/,
  );
  expect(parseExpectedLogits({ ids: [3, 4], logits: [1] }, "e.json").ids).toEqual([[3, 4]]);
});
