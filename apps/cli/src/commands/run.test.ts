import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startCoordinator } from "@tutti/server";
import { joinAsClient, newClient, tinyFedAvg, tinyTuned } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

afterEach(() => vi.unstubAllEnvs()); // also what --journal-key leaves in the environment

/** What `tutti run stop` says of the run of this folder. */
const stopped = (dataDir: string) => printed("run", "stop", "--out", dataDir);

async function printed(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  await createProgram()
    .parseAsync(args, { from: "user" })
    .finally(() => log.mockRestore());
  return lines.join("\n");
}

test("a run that is stopped can be resumed, and one that is finished only loses its pages", async () => {
  const folder = temporaryFolder();
  const run = tinyFedAvg({ numRounds: 1, evaluateEvery: 1 });
  const options = { run, dataDir: folder.path, runId: "mine", publicDir: folder.path, pagesDir: null, host: "127.0.0.1", port: 0 } as const;
  const start = () => startCoordinator({ ...options, logLevel: "silent", expectedClients: 1 }, { tuned: tinyTuned(run) });
  const first = await start();
  expect(await stopped(folder.path)).toBe("run mine is stopping; the command that started it resumes it");
  await first.whenClosed();
  const second = await start();
  const client = joinAsClient({ url: second.url, kept: newClient("a") });
  await second.whenDone();
  expect(await stopped(folder.path)).toBe("run mine is finished: only its pages are taken down");
  await second.whenClosed();
  client.close();
  folder.remove();
}, 20_000);

test("a run that is encrypted is listed, shown and repaired with --journal-key, and is refused without it", async () => {
  const folder = temporaryFolder();
  const file = join(folder.path, "key");
  writeFileSync(file, "7f".repeat(32));
  const run = tinyFedAvg({ numRounds: 1, evaluateEvery: 1 });
  vi.stubEnv("TUTTI_JOURNAL_KEY", "");
  vi.stubEnv("TUTTI_JOURNAL_KEY_FILE", file);
  const coordinator = await startCoordinator(
    { run, dataDir: folder.path, runId: "mine", publicDir: folder.path, pagesDir: null, host: "127.0.0.1", port: 0, logLevel: "silent" },
    { tuned: tinyTuned(run) },
  );
  await coordinator.close();
  vi.stubEnv("TUTTI_JOURNAL_KEY_FILE", "");
  expect(await printed("run", "list", "--out", folder.path)).toContain("is encrypted: give its key with --journal-key FILE");
  await expect(printed("run", "status", "mine", "--out", folder.path)).rejects.toThrow("is encrypted");
  const journal = join(folder.path, "mine", "journal", "records-000001.log");
  expect(await printed("run", "status", "mine", "--out", folder.path, "--journal-key", file)).toContain("mine: feedback/topic on tiny");
  expect(await printed("run", "repair", "mine", "--out", folder.path, "--journal-key", file)).toContain(
    "every record is as it was written",
  );
  const bytes = readFileSync(journal);
  writeFileSync(journal, bytes.subarray(0, -1));
  expect(await printed("run", "repair", "mine", "--out", folder.path, "--journal-key", file)).toMatch(/is lost|are lost/);
  expect(process.exitCode).toBe(1);
  process.exitCode = 0;
  expect(readFileSync(journal)).toEqual(bytes.subarray(0, -1));
  expect(await printed("run", "repair", "mine", "--yes", "--out", folder.path, "--journal-key", file)).toContain(
    "back at its last sound record",
  );
  folder.remove();
}, 20_000);
