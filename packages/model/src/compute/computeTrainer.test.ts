import {
  computeDeviceId,
  createRandom,
  fedPt,
  initialParams,
  type Params,
  presets,
  publicRows,
  type RunSettings,
  sha256Hex,
  shapesOf,
  shownRows,
  type TaskSpec,
} from "@tutti/core";
import { beforeAll, expect, test, vi } from "vitest";
import { loadBackboneFolder } from "../node.ts";
import { publicFiles } from "../testing/demoTrainer.ts";
import { createTextPredictor } from "../textPredictor.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createComputeTrainer } from "./computeTrainer.ts";

vi.setConfig({ testTimeout: 120_000 });

const run: RunSettings = {
  ...presets.demo,
  backbone: "etude",
  task: "replies",
  partition: { kind: "iid" },
  tuning: { ...presets.demo.tuning, method: "lora", head: "labelWords", rank: 4, alpha: 8 } as unknown as RunSettings["tuning"],
  strategy: { ...fedPt.defaults, distillFraction: 0.008 },
};
let mean: Params = {};

beforeAll(async () => {
  const { config } = await loadBackboneFolder(new URL("../../../../public/backbones/etude", import.meta.url).pathname);
  mean = initialParams(tunedLayout(config, run.tuning, null).entries, createRandom(3));
});

function memoryScores() {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const puts: string[] = [];
  return {
    files,
    puts,
    get: async (key: string) => files.get(key) ?? null,
    put: async (key: string, bytes: Uint8Array<ArrayBuffer>) => {
      puts.push(key);
      files.set(key, bytes);
    },
  };
}

async function started(scores = memoryScores(), fetch = publicFiles) {
  const trainer = createComputeTrainer({ scores, fetch });
  const base = "http://tutti.test";
  await trainer.start(
    { run, manifestUrl: `${base}/backbones/etude/manifest.json`, datasetUrl: `${base}/datasets/replies/`, backend: "wasm", threads: 1 },
    () => undefined,
  );
  await trainer.addDevice(computeDeviceId, { kind: "share", index: computeDeviceId });
  const compute = async (spec: TaskSpec, signal?: AbortSignal, onStep?: () => void) => {
    const shapes = spec.kind === "distil" ? shapesOf(mean) : {};
    const expects = { shapes, encoding: "f32", batchSize: 4, numExamples: 1 } as const;
    const place = { deviceId: computeDeviceId, stage: "train", round: 1, attempt: 1 } as const;
    const parameterSets: Record<string, Params> = spec.kind === "logits" ? {} : { global: mean };
    return (await trainer.compute({ ...place, spec, parameterSets, expects }, null, onStep, signal)).body;
  };
  return { trainer, scores, compute };
}

/** Serves concerto as `other`, where two tokens have changed places. */
const withOtherTokens: typeof fetch = async (url, init) => {
  const { pathname } = new URL(String(url));
  const own = (file: string) => publicFiles(`http://tutti.test/backbones/concerto/${file}`, init);
  if (!pathname.startsWith("/backbones/other/")) return publicFiles(url, init);
  const tokens = (await (await own("tokenizer.json")).text()).replace(
    /"vocab":\s*\{"([^"]+)":\s*(\d+),\s*"([^"]+)":\s*(\d+)/,
    '"vocab":{"$1":$4,"$3":$2',
  );
  const file = pathname.slice("/backbones/other/".length);
  if (file === "tokenizer.json") return new Response(tokens);
  if (file !== "manifest.json") return own(file);
  const manifest = await (await own(file)).json();
  const bytes = new TextEncoder().encode(tokens);
  return Response.json({ ...manifest, tokenizer: { ...manifest.tokenizer, sha256: await sha256Hex(bytes), numBytes: bytes.length } });
};

const logits = { kind: "logits", large: "concerto", topK: 32 } as const;
const distil = {
  kind: "distil",
  large: "concerto",
  topK: 32,
  a: 1,
  temperature: 1,
  numSteps: 4,
  batchSize: 4,
  learningRate: 0.01,
} as const;

test("etude and concerto: the large model reads the public texts once, and its scores are kept by what they follow from", async () => {
  const { trainer, scores, compute } = await started();
  const found = await compute(logits);
  if (found.kind !== "logits") throw new Error("expected scores");
  expect(found.numTexts).toBe(publicRows(run, 1056).length);
  expect(found.numPositions).toBeGreaterThan(3 * found.numTexts);
  expect(found.topKError).toBeGreaterThan(0);
  expect(found.topKError).toBeLessThan(0.5);
  expect(scores.puts).toEqual([found.contentKey]);
  expect(await compute(logits)).toEqual(found);
  expect(scores.puts).toHaveLength(1);
  const wider = await compute({ ...logits, topK: 512 });
  expect(wider.kind === "logits" && wider.topKError < found.topKError && wider.contentKey !== found.contentKey).toBe(true);
  await trainer.stop();
});

test("a compute client that dies in the middle of a distillation: the next one comes to the same bits, with kept scores or without", async () => {
  const first = await started();
  const calm = await first.compute(distil);
  if (calm.kind !== "distil") throw new Error("expected a distillation");
  expect(calm.lastLoss).toBeLessThan(calm.firstLoss);
  const death = new AbortController();
  let numSteps = 0;
  const dying = first.compute(distil, death.signal, () => {
    numSteps += 1;
    if (numSteps === 2) death.abort();
  });
  await expect(dying).rejects.toThrow();
  await first.trainer.stop();
  const withScores = await started(first.scores);
  expect(await withScores.compute(distil)).toEqual(calm);
  expect(first.scores.puts).toHaveLength(1);
  await withScores.trainer.stop();
  const [key] = first.scores.puts;
  first.scores.files.set(key, (first.scores.files.get(key) ?? new Uint8Array()).slice(0, 999));
  const damaged = await started(first.scores);
  expect(await damaged.compute(distil)).toEqual(calm);
  expect(first.scores.puts).toEqual([key, key]);
  await damaged.trainer.stop();
});

test("a large model with another vocabulary is refused with both tables, and a device's task too", async () => {
  const { trainer, compute } = await started(memoryScores(), withOtherTokens);
  await expect(compute({ ...logits, large: "other" })).rejects.toThrow(
    /etude and concerto do not share one vocabulary \(token tables [0-9a-f]{12} and [0-9a-f]{12}\)/,
  );
  await expect(compute({ kind: "probe", lanczosSteps: 3 })).rejects.toThrow("a compute client does no probe task");
  await trainer.stop();
});

test("messages of the test part that the seed picks are answered as `tutti predict` answers them, beside their references", async () => {
  const { trainer, scores, compute } = await started();
  const body = await compute({ kind: "answers", numTexts: 2, maxNewTokens: 6 });
  if (body.kind !== "answers") throw new Error("expected answers");
  const text = await (await publicFiles("http://tutti.test/datasets/replies/test.jsonl")).text();
  const rows = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly text: string; readonly reply: string });
  const picked = shownRows(run, rows.length, 2).flatMap((row) => rows[row] ?? []);
  expect(body.answers.map(({ prompt, reference }) => ({ prompt, reference }))).toEqual(
    picked.map(({ text: prompt, reply: reference }) => ({ prompt, reference })),
  );
  const backbone = await loadBackboneFolder(new URL("../../../../public/backbones/etude", import.meta.url).pathname);
  const predictor = await createTextPredictor(backbone, run, mean);
  const expected: string[] = [];
  for (const { text: asked, reply } of picked)
    expected.push(await predictor.answer({ kind: "reply", text: asked, answer: reply }, { maxNewTokens: 6 }));
  expect(body.answers.map(({ answer }) => answer)).toEqual(expected);
  expect(expected.every((answer) => answer.length > 0)).toBe(true);
  expect(scores.puts).toEqual([]);
  predictor.dispose();
  await trainer.stop();
});
