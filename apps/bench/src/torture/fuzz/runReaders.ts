import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { folderStore } from "@tutti/client/node";
import { type DeviceState, presets, type RandomStream, tokenTable } from "@tutti/core";
import { ExperimentError, readExperiment } from "@tutti/lab";
import { experimentResultSchema, runRecordSchema } from "@tutti/record";
import { exampleRun, exampleTextRun } from "@tutti/record/testing";
import { readExperimentResult } from "@tutti/report";
import { ConfigError, memoryStore, mergeSettings, parseConfig, readSettingsFile } from "@tutti/server";
import { openJournal } from "@tutti/server/testing";
import { faultOfError } from "./answers.ts";
import { corpusFile, projectFiles, textOf } from "./corpusFiles.ts";
import { byteTarget, jsonTarget } from "./readers.ts";
import type { LazyTarget } from "./target.ts";

/** A folder of this process, for readers that are given a path. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tutti-fuzz-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const yamlWords = ["&a", "*a", "!!binary", "---", "?", "|", "- ", ": ", "{ ", "<<: *tuning", "\t", "__proto__", "0x1F", ".nan"];

/** A refusal of settings tells each fault on a line. */
function settingsFault(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof ExperimentError) return error.message.length > 10 ? null : "it says nothing";
  return faultOfError(error) ?? `${(error as Error).name} is not a ConfigError: ${(error as Error).message.slice(0, 200)}`;
}

function settingsFiles() {
  const folder = ownFolder();
  return byteTarget("settings in YAML", {
    samples: [corpusFile("settings.yaml"), new TextEncoder().encode(JSON.stringify({ preset: "demo", run: { numDevices: 6 } }))],
    words: yamlWords,
    fault: settingsFault,
    read(bytes, random) {
      const path = join(folder, random.integer(4) === 0 ? "settings.json" : "settings.yaml");
      writeFileSync(path, bytes);
      return mergeSettings({ presets, preset: "default", file: readSettingsFile(path), name: path });
    },
  });
}

function settingsValues() {
  const { run: _, ...config } = mergeSettings({ presets, preset: "demo" });
  return jsonTarget("settings in JSON", {
    samples: Object.values(presets).map((run) => ({ ...config, run })),
    fault: settingsFault,
    read(text, random) {
      const value = JSON.parse(orNull(text));
      return random.integer(2) === 0 ? parseConfig(value) : mergeSettings({ presets, preset: "demo", file: named(value) });
    },
  });
}

function orNull(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return "null";
  }
}

function named(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

function experiments() {
  const folder = ownFolder();
  return byteTarget("experiment files", {
    samples: [corpusFile("experiment.yaml"), ...projectFiles("apps/lab/experiments", /^(smoke|fleets|non-iid)\.yaml$/)],
    words: [...yamlWords, "grid:", "methods:", "rates:", "fleets:", "all", "fedPepTao"],
    fault: settingsFault,
    read(bytes) {
      const path = join(folder, "experiment.yaml");
      writeFileSync(path, bytes);
      return readExperiment(path);
    },
  });
}

function results() {
  const folder = ownFolder();
  const runs = [exampleRun, exampleTextRun];
  const whole = { title: "t", question: "q", runs };
  return jsonTarget("results.json", {
    samples: [whole, ...runs],
    async read(text) {
      runRecordSchema.safeParse(JSON.parse(orNull(text)));
      experimentResultSchema.safeParse(JSON.parse(orNull(text)));
      writeFileSync(join(folder, "results.json"), text);
      return readExperimentResult(folder);
    },
  });
}

/** A journal's records with changes: reading them ends, in contents or in an error. */
function journals() {
  const content = new Map<string, Uint8Array>();
  const journal = openJournal(memoryStore(content));
  const tensor = { shape: [2, 3], data: Float32Array.from([1, 2, 3, 5, 7, 11]) };
  journal.begin(JSON.parse(JSON.stringify(presets.demo)));
  journal.putDevice({
    deviceId: 0,
    clientKey: "k".repeat(20),
    share: 0,
    numExamples: 9,
    version: null,
    versionSha256: null,
    stateSha256: null,
    wasReset: false,
  });
  journal.putState({ values: { round: 1 }, tensors: { "prefix/0": tensor } }, { record: { round: 1 } });
  const keys = [...content.keys()];
  return byteTarget("journal records", {
    samples: [...content.values()],
    fault: (error) => (error instanceof Error ? null : "threw no Error"),
    async read(bytes, random) {
      const changed = new Map(content);
      changed.set(keys[random.integer(keys.length)] ?? "run", bytes);
      openJournal(memoryStore(changed)).contents();
    },
  });
}

/** What a client in Node keeps of its devices. */
function deviceRecords() {
  const folder = ownFolder();
  const store = folderStore(folder);
  const tensor = { shape: [2], data: Float32Array.of(1, 2) };
  const state: DeviceState = {
    local: { "prefix/1": tensor },
    moments: { m: { "prefix/1": tensor }, v: { "prefix/1": tensor }, step: 3 },
    stageSteps: 3,
    stage: "train",
  };
  const taskId = "0123456789abcdef0123456789abcdef";
  const submit = {
    taskId,
    deviceId: 3,
    header: { kind: "train", numSteps: 16, firstLoss: 1.5, lastLoss: 0.75 },
    tensors: new Uint8Array(8),
  };
  const records = [
    { deviceId: 3, version: null, state: null, pending: null },
    { deviceId: 3, version: taskId, state, pending: { submit, state } },
  ];
  let isMade = false;
  return byteTarget("device records", {
    samples: records.map((record) => new Uint8Array(serialize(record))),
    async read(bytes: Uint8Array, random: RandomStream) {
      if (!isMade) await store.put("run-7", { deviceId: 3, version: null, state: null, pending: null });
      isMade = true;
      writeFileSync(join(folder, "run-7", "device-3.bin"), bytes);
      const found = random.integer(2) === 0 ? await store.get("run-7", 3) : (await store.list("run-7"))[0];
      if (found?.deviceId !== 3) throw new TypeError("another device's record came back");
      if (found.state !== null) Object.values(found.state.local).every(({ data }) => data.length > 0);
      if (found.pending !== null) found.pending.submit.taskId.slice(1);
    },
  });
}

function tokenTables() {
  const samples = ["wordPiece", "bpe", "unigram", "wordLevel"].map((name): unknown =>
    JSON.parse(textOf(corpusFile(`tokenizer-${name}.json`))),
  );
  return jsonTarget("token tables", { samples, read: (text) => tokenTable(text) });
}

/** What a coordinator, the lab and clients in Node read beside backbones and data. */
export const runReaders: readonly LazyTarget[] = [
  { name: "settings in YAML", open: settingsFiles, weight: 0.1 },
  { name: "settings in JSON", open: settingsValues, weight: 0.2 },
  { name: "experiment files", open: experiments, weight: 0.05 },
  { name: "results.json", open: results, weight: 0.1 },
  { name: "journal records", open: journals },
  { name: "device records", open: deviceRecords },
  { name: "token tables", open: tokenTables },
];
