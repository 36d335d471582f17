import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openStore } from "./journal/openStore.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
afterEach(() => vi.unstubAllEnvs());
const isForOthers = (path: string) => (statSync(path).mode & 0o077) !== 0;

/** Files that hold one of the words. */
function filesWith(folder: string, secrets: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && secrets.some((secret) => readFileSync(path).includes(secret)));
}

test("what is secret in a run's folder is its owner's alone, also where it was open to others before", async () => {
  vi.stubEnv("TUTTI_JOURNAL_KEY", ""); // with a key nothing could be read at all
  vi.stubEnv("TUTTI_JOURNAL_KEY_FILE", "");
  const run = tinyFedAvg();
  const folder = scene.folder();
  const runFolder = join(folder, "test");
  const start = async () => scene.start(run, { https: "self" }, { store: (await openStore(runFolder, "journal")).store });
  const leaks = (...words: string[]) => filesWith(folder, words).filter(isForOthers);
  mkdirSync(runFolder);
  writeFileSync(join(runFolder, "control.json"), "{}", { mode: 0o666 });
  chmodSync(join(runFolder, "control.json"), 0o666);
  const first = await start();
  const a = scene.join(first, "a", { onTask: () => false, socketOptions: { rejectUnauthorized: false } });
  await a.when("task");
  const secrets = [first.controlToken, a.kept.key, "PRIVATE KEY"];
  await vi.waitFor(() => {
    for (const secret of secrets) expect(filesWith(folder, [secret]), secret).not.toEqual([]);
  });
  expect(leaks(...secrets)).toEqual([]);
  a.close();
  await first.close();
  for (const path of filesWith(folder, secrets)) {
    chmodSync(path, 0o644);
    if (dirname(path) !== runFolder) chmodSync(dirname(path), 0o755);
  }
  expect(leaks(...secrets)).not.toEqual([]);
  const second = await start();
  expect(leaks(...secrets, second.controlToken)).toEqual([]);
  expect(readdirSync(runFolder).sort()).toEqual(["control.json", "journal", "lock", "operator.token"]);
});
