import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { afterEach, expect, test, vi } from "vitest";
import { ConfigError } from "../config.ts";
import type { RunOutcome } from "../coordinator.ts";
import { openJournal } from "../journal/journal.ts";
import { openStore } from "../journal/openStore.ts";
import { newClient } from "../testing/keptClient.ts";
import { freePort, startKillable } from "../testing/killHarness.ts";
import { joinAsClient } from "../testing/protocolClient.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { tinyFedAvg, tinyRun } from "../testing/tinyRun.ts";
import { lockRunFolder } from "../writableFolder.ts";
import { beginRun, listRuns, runStatus, stopRun } from "./run.ts";
import { type ServeOptions, serve } from "./serve.ts";

const folders: { remove(): void }[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

function newFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  const backbone = join(folder.path, "backbones", "tiny");
  mkdirSync(backbone, { recursive: true });
  const config = { numLayers: 3, hiddenSize: 5, numHeads: 2, numKeyValueHeads: 2, headSize: 2 };
  writeFileSync(join(backbone, "manifest.json"), JSON.stringify({ config, tensors: [] }));
  return folder.path;
}

function settingsFile(folder: string, port: number): string {
  const path = join(folder, "run.json");
  const run = tinyFedAvg({ numRounds: 2, evaluateEvery: 2 });
  writeFileSync(
    path,
    JSON.stringify({
      preset: "demo",
      dataDir: join(folder, "runs"),
      publicDir: folder,
      pagesDir: null,
      host: "127.0.0.1",
      port,
      logLevel: "silent",
      expectedClients: 1,
      run,
    }),
  );
  return path;
}

test("a run is started from a file, ends when it is over, and can be listed and read afterwards", async () => {
  const folder = newFolder();
  const port = await freePort();
  const lines: string[] = [];
  const client = joinAsClient({ url: `http://127.0.0.1:${port}`, kept: newClient("a") });
  let outcome: RunOutcome | null = null;
  const end = await serve({
    presets,
    preset: "default",
    file: settingsFile(folder, port),
    isOver: "whenDone",
    numClasses: () => 3,
    print: (line) => void lines.push(line),
    async onDone(result) {
      outcome = result;
    },
  });
  client.close();
  expect(end).toBe("done");
  expect(outcome).toMatchObject({ summary: { isDone: true } });
  expect(lines[1]).toBe(`open http://127.0.0.1:${port}`);
  expect((await client.when("goodbye")).goodbye.reason).toBe("finished");
  const dataDir = join(folder, "runs");
  const [listing] = await listRuns(dataDir);
  expect(listing).toMatchObject({ task: "feedback/topic", seed: 42, state: "done", numSteps: 3 });
  const runId = listing?.runId ?? "";
  const { journalled, live } = await runStatus(dataDir);
  expect(live).toBeNull();
  expect(journalled).toMatchObject({ runId, numDevices: 4 });
  expect(Object.keys(journalled.newcomerParams ?? {}).sort()).toEqual(["head/bias", "head/weight", "prefix/0", "prefix/1", "prefix/2"]);
  const written = readFileSync(join(dataDir, runId, "rounds.jsonl"), "utf8")
    .trim()
    .split("\n");
  expect(written.map((line) => JSON.parse(line).kind)).toEqual(["train", "train", "evaluate"]);
  expect(JSON.parse(readFileSync(join(dataDir, runId, "config.json"), "utf8"))).toMatchObject({ run: { seed: 42 } });
});

test("a run whose source prompts are not all there is refused before anything listens, with the commands that make them", async () => {
  const folder = newFolder();
  const tuning = { ...tinyRun().tuning, method: "attempt", promptTokens: 2, bottleneck: 3, sources: ["ag_news", "qnli", "boolq"] } as const;
  const abort = new AbortController();
  const lines: string[] = [];
  const options: ServeOptions = {
    presets,
    preset: "default",
    file: settingsFile(folder, 0),
    isOver: "whenStopped",
    numClasses: () => 3,
    signal: abort.signal,
    flags: { run: { tuning } },
    print(line) {
      lines.push(line);
      if (line.startsWith("files")) abort.abort();
    },
  };
  const prompts = join(folder, "prompts", "tiny");
  mkdirSync(prompts, { recursive: true });
  for (const file of ["qnli-2.json", "boolq-16.json"]) writeFileSync(join(prompts, file), "{}");
  const refused = await serve(options).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigError);
  const lacking = (name: string) =>
    `source prompt ${name}: ${join(prompts, `${name}-2.json`)} is not there; \`tutti prompt train ${name} --tokens 2 --backbone tiny\` makes it`;
  expect(refused).toHaveProperty("message", `${lacking("ag_news")}\n${lacking("boolq")}`);
  expect([lines, existsSync(join(folder, "runs"))]).toEqual([[], false]);
  for (const file of ["ag_news-2.json", "boolq-2.json"]) writeFileSync(join(prompts, file), "{}");
  expect(await serve(options)).toBe("SIGTERM");
});

test("a signal ends serving, and says that the same command resumes", async () => {
  const folder = newFolder();
  const lines: string[] = [];
  const abort = new AbortController();
  const serving = serve({
    presets,
    preset: "default",
    file: settingsFile(folder, 0),
    isOver: "whenStopped",
    numClasses: () => 3,
    signal: abort.signal,
    print(line) {
      lines.push(line);
      if (line.startsWith("files")) abort.abort();
    },
  });
  expect(await serving).toBe("SIGTERM");
  expect(lines.at(-1)).toBe("stopping: all accepted work is kept, and the same command resumes");
  expect(await listRuns(join(folder, "runs"))).toMatchObject([{ state: "stopped", numSteps: 0 }]);
});

test("people are told that browsers warn of a certificate that this machine made", async () => {
  const folder = newFolder();
  const lines: string[] = [];
  const abort = new AbortController();
  await serve({
    presets,
    preset: "default",
    file: settingsFile(folder, 0),
    flags: { https: "self" },
    isOver: "whenStopped",
    numClasses: () => 3,
    signal: abort.signal,
    print(line) {
      lines.push(line);
      if (line.startsWith("files")) abort.abort();
    },
  });
  expect(lines[1]).toMatch(/^open https:/);
  expect(lines[2]).toBe(
    "browsers warn about this certificate, because this machine made it: continue past the warning where it shows this fingerprint",
  );
});

test("an order to stop ends serving as a signal does, and gives the run's folder back", async () => {
  const folder = newFolder();
  const port = await freePort();
  const lines: string[] = [];
  const serving = serve({
    presets,
    preset: "default",
    file: settingsFile(folder, port),
    isOver: "whenStopped",
    numClasses: () => 3,
    print: (line) => void lines.push(line),
  });
  await vi.waitFor(() => expect(lines.length).toBeGreaterThan(1), { interval: 5, timeout: 10_000 });
  await stopRun(join(folder, "runs"));
  expect(await serving).toBe("stopped");
  const [{ runId } = { runId: "" }] = await listRuns(join(folder, "runs"));
  expect(existsSync(join(folder, "runs", runId, "journal"))).toBe(true);
  expect(existsSync(join(folder, "runs", runId, "lock"))).toBe(false);
});

test("a run's folder belongs to one process at a time, and one that a dead process left is taken over", () => {
  const folder = newFolder();
  const lock = join(folder, "lock");
  writeFileSync(lock, String(process.ppid));
  expect(() => lockRunFolder(folder)).toThrow(`is in use by process ${process.ppid}`);
  writeFileSync(lock, "2147483646"); // above any process number
  const unlock = lockRunFolder(folder);
  expect(Number.parseInt(readFileSync(lock, "utf8"), 10)).toBe(process.pid);
  unlock();
  expect(existsSync(lock)).toBe(false);
});

test("SIGTERM says goodbye to the clients before the process ends", async () => {
  const folder = newFolder();
  const port = await freePort();
  const end = serve({
    presets,
    preset: "default",
    file: settingsFile(folder, port),
    isOver: "whenStopped",
    numClasses: () => 3,
    print: () => undefined,
  });
  const client = joinAsClient({ url: `http://127.0.0.1:${port}`, kept: newClient("a"), onTask: () => false });
  await client.when("task");
  const numListeners = process.listenerCount("SIGTERM");
  process.emit("SIGTERM");
  expect((await client.when("goodbye")).goodbye).toEqual({ reason: "closing" });
  client.close();
  expect(await end).toBe("SIGTERM");
  expect(process.listenerCount("SIGTERM")).toBe(numListeners - 1);
});

test("another process lists, asks, begins and stops a run", async () => {
  const folder = newFolder();
  const dataDir = join(folder, "runs");
  expect(await stopRun(dataDir)).toBeNull();
  const port = await freePort();
  const run = tinyRun({ roster: "open", minDevices: 4 });
  const options = {
    host: "127.0.0.1",
    port,
    dataDir,
    pagesDir: null,
    publicDir: folder,
    runId: "open-run",
    logLevel: "silent",
    run,
  } as const;
  const child = await startKillable({ options, sizes: { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 }, numClasses: 3 });
  const clients = ["a", "b"].map((name) => joinAsClient({ url: child.url, kept: newClient(name), hosting: "own", onTask: () => false }));
  for (const client of clients) await client.when("welcome");
  expect(await listRuns(dataDir)).toMatchObject([{ runId: "open-run", state: "running", position: null }]);
  expect(await beginRun(dataDir)).toBe("open-run");
  await clients[0]?.when("task");
  expect((await runStatus(dataDir, "open-run")).live).toMatchObject({ phase: "running", numConnected: 2 });
  const left = new Promise((resolve) => child.onExit(resolve));
  expect(await stopRun(dataDir)).toBe("open-run");
  expect(await left).toBe(0);
  expect((await clients[0]?.when("goodbye"))?.goodbye).toEqual({ reason: "closing", message: "the operator stopped the run" });
  for (const client of clients) client.close();
  expect((await listRuns(dataDir)).map(({ state }) => state)).toEqual(["stopped"]);
}, 30_000);

test("a finished run says so when it is served again, and how to export it", async () => {
  const folder = newFolder();
  const port = await freePort();
  const options = { presets, preset: "default", file: settingsFile(folder, port), numClasses: () => 3 };
  const client = joinAsClient({ url: `http://127.0.0.1:${port}`, kept: newClient("a") });
  await serve({ ...options, flags: { runId: "mine" }, isOver: "whenDone", print: () => undefined });
  client.close();
  const lines: string[] = [];
  await serve({ ...options, flags: { runId: "mine" }, isOver: "whenDone", print: (line) => void lines.push(line) });
  const exportIt = `\`tutti run export mine --out ${join(folder, "runs")}\` writes its tuned prompts`;
  expect(lines[0]).toBe(`run mine is already finished: ${exportIt}; give another --seed or --run to start a new run`);
  const other = serve({ ...options, flags: { runId: "mine", run: { seed: 8 } }, isOver: "whenDone", print: () => undefined });
  await expect(other).rejects.toThrow(`run mine is already finished, with other settings than these: ${exportIt}`);
});

test("a finished run that is stopped says that nothing is left to resume", async () => {
  const folder = newFolder();
  const port = await freePort();
  const options = { presets, preset: "default", file: settingsFile(folder, port), flags: { runId: "mine" }, numClasses: () => 3 };
  const client = joinAsClient({ url: `http://127.0.0.1:${port}`, kept: newClient("a") });
  const abort = new AbortController();
  const lines: string[] = [];
  const untilStopped = { ...options, isOver: "whenStopped", signal: abort.signal } as const;
  await serve({
    ...untilStopped,
    print(line) {
      lines.push(line);
      if (line.startsWith("run mine is finished")) abort.abort();
    },
  });
  client.close();
  expect(lines).toContainEqual(expect.stringMatching(/^files are in .*; Ctrl-C stops the run, and the same command resumes it$/));
  expect(lines.at(-1)).toBe("stopping: the run is finished, so nothing is left to resume");
  const again: string[] = [];
  await serve({ ...untilStopped, print: (line) => void again.push(line) }); // the signal is there already
  expect(again).toContainEqual(expect.stringMatching(/^files are in .*; Ctrl-C takes the pages down$/));
  expect(again.join("\n")).not.toContain("resumes");
});

test("two coordinators on one folder take orders apart, by the run's name", async () => {
  const folder = newFolder();
  const dataDir = join(folder, "runs");
  const servings: Promise<unknown>[] = [];
  for (const runId of ["first", "second"]) {
    const serving = serve({
      presets,
      preset: "default",
      file: settingsFile(folder, 0),
      flags: { runId },
      isOver: "whenStopped",
      numClasses: () => 3,
      print: () => undefined,
    });
    servings.push(serving);
    await vi.waitFor(async () => expect(await listRuns(dataDir)).toContainEqual(expect.objectContaining({ runId, state: "running" })), {
      interval: 20,
      timeout: 10_000,
    });
  }
  await expect(stopRun(dataDir)).rejects.toThrow("several coordinators are running: name one of the runs first, second");
  await expect(runStatus(dataDir)).rejects.toThrow("several coordinators are running");
  expect((await runStatus(dataDir, "second")).live).toMatchObject({ runId: "second" });
  expect(await stopRun(dataDir, "first")).toBe("first");
  expect(await servings[0]).toBe("stopped");
  expect(await stopRun(dataDir, "first")).toBeNull();
  expect(await stopRun(dataDir)).toBe("second");
  expect(await servings[1]).toBe("stopped");
  expect(await stopRun(dataDir)).toBeNull();
});

test("a run that cannot be read is listed with the reason, beside the others", async () => {
  const dataDir = newFolder();
  const older = openJournal((await openStore(join(dataDir, "older"), "journal")).store);
  older.begin({ task: "feedback/topic", seed: 1 });
  await older.flushed();
  await older.close();
  const newer = openJournal((await openStore(join(dataDir, "newer"), "journal")).store);
  newer.begin(JSON.parse(JSON.stringify(tinyFedAvg({ numRounds: 2 }))));
  await newer.flushed();
  await newer.close();
  mkdirSync(join(dataDir, "torn", "journal"), { recursive: true });
  writeFileSync(join(dataDir, "torn", "journal", "data.mdb"), "not a database at all".repeat(1000));
  expect(await listRuns(dataDir)).toMatchObject([
    { runId: "newer", state: "stopped", numSteps: 0 },
    { runId: "older", state: "unreadable", reason: expect.stringContaining("its settings are of another version (") },
    { runId: "torn", state: "unreadable", reason: expect.stringContaining("data.mdb is not a database") },
  ]);
});
