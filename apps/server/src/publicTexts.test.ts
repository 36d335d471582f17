import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fedPt, type PublicTextsSettings, type RunSettings } from "@tutti/core";
import { expect, test } from "vitest";
import { ConfigError } from "./config.ts";
import { sha256Of } from "./http/blobs.ts";
import { memoryStore } from "./journal/keyValueStore.ts";
import type { ReadTexts, TextsPlace, TextsReader } from "./publicTexts.ts";
import { deriveRunId } from "./runFolder.ts";
import { readWithModules } from "./strategyModules/withModules.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const rows = '{"text":"Too late","answer":"We are sorry"}\n';
const bytesOf = (text: string) => new TextEncoder().encode(text);
const texts = (jsonl: string, from = "letters.csv"): PublicTextsSettings => ({
  from,
  kind: "reply",
  sha256: sha256Of(bytesOf(jsonl)),
  numTexts: 1,
});

const runWith = (distillText: PublicTextsSettings | null): RunSettings =>
  tinyFedAvg({ strategy: { ...fedPt.defaults, distillSteps: 3, distillText }, numRounds: 2, evaluateEvery: 2 });

/** Reads a settings file that names public texts, with this reader. */
async function read(distillText: unknown, reader: TextsReader) {
  const path = join(scene.folder(), "settings.json");
  writeFileSync(path, JSON.stringify({ publicDir: "mine", run: { strategy: { name: "fedPt", distillText } } }));
  const { run } = (await readWithModules(path, reader)) as { run: { strategy: { distillText: unknown } } };
  return run.strategy.distillText;
}

const reading = (jsonl: string): TextsReader & { readonly asked: TextsPlace[] } => {
  const asked: TextsPlace[] = [];
  const reader = async (place: TextsPlace): Promise<ReadTexts> => {
    asked.push(place);
    return { kind: "reply", jsonl, numTexts: 1 };
  };
  return Object.assign(reader, { asked });
};

test("a settings file names public texts by file, with columns or without, or by data set; a run has their hash", async () => {
  const reader = reading(rows);
  expect(await read("./letters.csv", reader)).toEqual({ ...texts(rows), from: "./letters.csv" });
  expect(await read({ file: "/data/letters.csv", text: "Brief", answer: "Antwort" }, reader)).toMatchObject(
    texts(rows, "/data/letters.csv"),
  );
  expect(await read("letters", reader)).toEqual(texts(rows, "letters"));
  expect(reader.asked).toEqual([
    { file: join(scene.folder(), "letters.csv") },
    { file: "/data/letters.csv", text: "Brief", answer: "Antwort" },
    { dataset: "letters" },
  ]);
  expect(await read(null, reader)).toBeNull();
  expect(await read(texts(rows), reader)).toEqual(texts(rows));
});

test("what is wrong with the texts is told with the settings file and the setting", async () => {
  const failing: TextsReader = async () => Promise.reject(new Error('letters.csv line 3: there is no answer in "Antwort"'));
  const refused = read("./letters.csv", failing);
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow('settings.json: run.strategy.distillText: letters.csv line 3: there is no answer in "Antwort"');
});

test("a run keeps its texts beside its journal and gives them to whoever has their hash, as bytes of the data set and of no step", async () => {
  const distillText = (await read("./letters.csv", reading(rows))) as PublicTextsSettings;
  const coordinator = await scene.start(runWith(distillText));
  expect(readFileSync(join(coordinator.folder, "public-texts.jsonl"), "utf8")).toBe(rows);
  const before = coordinator.traffic();
  const response = await fetch(`${coordinator.url}/texts/${distillText.sha256}`);
  expect(await response.text()).toBe(rows);
  await expect.poll(() => coordinator.traffic().dataset.down).toBeGreaterThan(before.dataset.down + rows.length);
  expect(coordinator.traffic().train).toEqual(before.train);
  expect((await fetch(`${coordinator.url}/texts/${"0".repeat(64)}`)).status).toBe(404);
});

test("a resumed run reads its texts from its folder; where they are nowhere it says what to give", async () => {
  const unread = '{"text":"never read here","answer":"by this process"}\n';
  const run = runWith(texts(unread));
  const folder = join(scene.folder(), "test");
  await expect(scene.start(run)).rejects.toThrow(
    /strategy\.distillText: the texts of letters\.csv \(SHA-256 [0-9a-f]{12}\) are not in .*public-texts\.jsonl: give the file again/,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "public-texts.jsonl"), `${unread} damaged`);
  await expect(scene.start(run)).rejects.toThrow("give the file again");
  writeFileSync(join(folder, "public-texts.jsonl"), unread);
  const coordinator = await scene.start(run);
  expect(await (await fetch(`${coordinator.url}/texts/${texts(unread).sha256}`)).text()).toBe(unread);
});

test("a run is not resumed with another file's texts: the same id, and a sentence that names both", async () => {
  const other = rows.replace("sorry", "not sorry");
  const [first, second] = (await Promise.all([rows, other].map((jsonl) => read("./letters.csv", reading(jsonl))))) as PublicTextsSettings[];
  if (first === undefined || second === undefined) throw new Error("expected two files' texts");
  expect(deriveRunId(runWith(first))).toBe(deriveRunId(runWith(second)));
  expect(deriveRunId(runWith(first))).not.toBe(deriveRunId(runWith(null)));
  const content = new Map<string, Uint8Array>();
  const started = await scene.start(runWith(first), {}, { store: memoryStore(content) });
  await started.close();
  await expect(scene.start(runWith(second), {}, { store: memoryStore(content) })).rejects.toThrow(
    `was begun with ./letters.csv (SHA-256 ${first.sha256.slice(0, 12)}) as its distillation text, not with ./letters.csv (SHA-256 ${second.sha256.slice(0, 12)})`,
  );
  await expect(scene.start(runWith(null), {}, { store: memoryStore(content) })).rejects.toThrow("not with a share of its training rows");
  expect(existsSync(join(started.folder, "public-texts.jsonl"))).toBe(true);
  const again = await scene.start(runWith(first), {}, { store: memoryStore(content) });
  expect(again.status().phase).not.toBe("failed");
});

test("a run that was begun before there was a choice keeps its id, and is resumed", async () => {
  const run = runWith(null);
  const { distillText: _, ...older } = run.strategy as RunSettings["strategy"] & { readonly distillText?: unknown };
  expect(deriveRunId(run)).toBe(deriveRunId({ ...run, strategy: older as RunSettings["strategy"] }));
});
