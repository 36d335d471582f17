import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { tensorEncodings } from "@tutti/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBackboneFolder, openCheckpointFolder } from "./backboneFolders.ts";
import { startBackend } from "./backends.ts";
import { centredLogits, logitsError, measureEncoding, sampleOf } from "./encodingErrors.ts";
import { checkpointFolder, convertBackbone, readCheckpoint } from "./node.ts";
import { goldenBackbone } from "./testing/golden.ts";
import { tinyTokenizer } from "./testing/goldenBackbone.ts";
import { computeAdmission } from "./training/admission.ts";

let folder: string;
beforeAll(async () => {
  await startBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "tutti-errors-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(["roberta", "gpt2", "llama"])("%s read from disk tensor by tensor is the same backbone, converted or not", async (family) => {
  const checkpoint = join(folder, family);
  await cp(fileURLToPath(new URL(`../golden/${family}`, import.meta.url)), checkpoint, { recursive: true });
  await writeFile(join(checkpoint, "tokenizer.json"), tinyTokenizer(96));
  const direct = await readCheckpoint(checkpoint);
  const onDisk = await openCheckpointFolder(checkpoint, checkpointFolder(checkpoint));
  const out = join(folder, `${family}-out`);
  await convertBackbone(checkpoint, out, { name: "tiny", encoding: "f32", source: "golden", licence: "none", maxShardBytes: 4096 });
  const converted = await openBackboneFolder(out);
  for (const other of [onDisk, converted]) {
    expect(other.names).toEqual(direct.names);
    expect(other.numParameters).toBe(direct.numParameters);
    for (const name of direct.names) expect(other.tensor(name)).toEqual(direct.tensor(name));
    expect(other.rows("embeddings.word", [95, 3])).toEqual(direct.rows("embeddings.word", [95, 3]));
    expect(() => other.tensor("nothing")).toThrow("has no tensor nothing");
    expect(() => other.rows("embeddings.word", [96])).toThrow("row 96 of a table with 96 rows");
  }
  expect(await logitsError(onDisk, converted)).toBe(0);
  const numTensors = tf.memory().numTensors;
  expect(await computeAdmission(converted)).toEqual(await computeAdmission(direct));
  expect(tf.memory().numTensors).toBe(numTensors);
});

test("centred logits are those of the sample alone, the same with another text beside it", async () => {
  const backbone = goldenBackbone("llama");
  const sample = sampleOf(backbone);
  expect(sample).toHaveLength(3);
  const together = await centredLogits(backbone, sample);
  const alone = await centredLogits(backbone, sample.slice(1, 2));
  for (const [i, value] of alone.entries()) expect(together[96 + i]).toBeCloseTo(value, 5);
  expect(alone.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 4);
});

test("fewer bits cost more, in weights and in logits", async () => {
  const measured = [];
  for (const encoding of tensorEncodings) measured.push(await measureEncoding(goldenBackbone("roberta"), encoding));
  const [f32, f16, int8, int4, nf4] = measured;
  expect(f32).toMatchObject({ weights: 0, logits: 0, worstTensor: 0 });
  expect(f16?.weights).toBeLessThan(3e-4);
  expect(int8?.weights).toBeLessThan(0.01);
  for (const four of [int4, nf4]) {
    expect(four?.weights).toBeGreaterThan(5 * (int8?.weights ?? 0));
    expect(four?.weights).toBeLessThan(0.12);
    expect(four?.logits).toBeGreaterThan(int8?.logits ?? 0);
    expect(four?.worstTensor).toBeGreaterThanOrEqual(four?.weights ?? 0);
  }
  expect(measured.map(({ numBytes }) => numBytes)).toEqual([...measured.map(({ numBytes }) => numBytes)].sort((a, b) => b - a));
});
