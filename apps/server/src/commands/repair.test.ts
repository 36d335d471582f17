import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import type { CoordinatorPorts } from "../coordinator.ts";
import { generationPath, listGenerations } from "../journal/logFiles.ts";
import { readRun } from "../journal/readRun.ts";
import { readKeptRound } from "../start/keptRounds.ts";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { repairRun } from "./repair.ts";
import { listRuns } from "./run.ts";

const scene = createScene();
afterEach(() => vi.unstubAllEnvs());
const run = tinyFedAvg();
/** The journal in the run's folder. */
const inFolder = { store: undefined } as unknown as Partial<CoordinatorPorts>;
const options = { runId: "mine", expectedClients: 1, writesRunFiles: true } as const;
const start = () => scene.start(run, options, inFolder);
const folder = () => join(scene.folder(), "mine");
const journal = () => join(folder(), "journal");
const journalFile = () => generationPath(journal(), listGenerations(journal()).at(-1) ?? 0);

/** A run that was stopped in its third round. */
async function stoppedRun() {
  const coordinator = await start();
  const a = scene.join(coordinator, "a", { onTask: ({ round }) => round < 3 });
  await a.when("task", ({ lease }) => lease.round === 3);
  await coordinator.when("closed", ({ plan }) => plan.round === 2);
  a.close();
  await coordinator.close();
  return a.kept;
}

function changeByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 16, at);
  writeFileSync(path, bytes);
}

test("a damaged journal refuses the run, a repair shows what is lost first and then goes back, and the run goes on to its end (P-150)", async () => {
  const kept = await stoppedRun();
  const bytes = readFileSync(journalFile());
  const middle = bytes.indexOf("TTJF", Math.floor(bytes.length / 2)); // a record in the second half
  changeByte(journalFile(), middle + 20);
  const number = bytes.readUInt32LE(middle + 12);
  await expect(start()).rejects.toThrow(
    new RegExp(
      `run mine: its journal is damaged \\(records-\\d+.log, byte ${middle}: its bytes are not those that were written\\); the last sound record is ` +
        `${number - 1} \\(train round \\d, step \\d, with \\d contributions\\) of \\d+. The run is refused.*\`tutti run repair mine --out .*\` shows`,
    ),
  );
  expect(existsSync(join(folder(), "lock"))).toBe(false);
  await expect(readRun(scene.folder(), "mine")).rejects.toThrow("its journal is damaged");
  expect(await listRuns(scene.folder())).toMatchObject([
    { runId: "mine", state: "unreadable", reason: expect.stringContaining("is damaged") },
  ]);
  const damaged = readFileSync(journalFile());
  const shown = await repairRun(scene.folder(), "mine", false);
  expect(shown.outcome).toBe("shown");
  expect(shown.lines.join("\n")).toMatch(
    new RegExp(
      `the last sound record is ${number - 1} .*\n  records ${number} to \\d+ are lost\n(  steps that are computed again: train \\d.\\d.*\n)?`,
    ),
  );
  expect(readFileSync(journalFile())).toEqual(damaged);
  const repaired = await repairRun(scene.folder(), "mine", true);
  expect(repaired.lines.at(-1)).toContain(`the damaged files are in ${journal()}.damaged-1`);
  const copies = readdirSync(`${journal()}.damaged-1`).map((name) => readFileSync(join(`${journal()}.damaged-1`, name)));
  expect(copies.some((copy) => copy.equals(damaged))).toBe(true);
  expect((await repairRun(scene.folder(), "mine", true)).outcome).toBe("sound");
  const resumed = await start();
  scene.join(resumed, "a", { kept });
  expect((await resumed.whenDone()).summary.isDone).toBe(true);
});

test("a journal that became shorter is told, not taken for an earlier moment of the run", async () => {
  await stoppedRun();
  const bytes = readFileSync(journalFile());
  truncateSync(journalFile(), bytes.lastIndexOf("TTJF")); // at the end of a whole record
  await expect(start()).rejects.toThrow(/the file ends there, and \d+ bytes were written/);
  truncateSync(journalFile(), 0);
  await expect(start()).rejects.toThrow("its header is not what was written");
  expect((await repairRun(scene.folder(), "mine", true)).outcome).toBe("hopeless");
});

test("damaged states of past rounds are told, and a repair leaves the journal and its result alone", async () => {
  const kept = await stoppedRun();
  const rounds = join(folder(), "rounds");
  const path = generationPath(rounds, listGenerations(rounds).at(-1) ?? 0);
  changeByte(path, readFileSync(path).lastIndexOf("TTJF") + 30);
  await expect(start()).rejects.toThrow("run mine: its kept rounds are damaged");
  const { lines, outcome } = await repairRun(scene.folder(), "mine", true);
  expect(outcome).toBe("repaired");
  expect(lines.join("\n")).toContain("the run goes on to the same result");
  const resumed = await start();
  scene.join(resumed, "a", { kept });
  const calm = await scene.start(run, { expectedClients: 1, runId: "calm" });
  scene.join(calm, "a");
  expect((await resumed.whenDone()).parametersSha256).toBe((await calm.whenDone()).parametersSha256);
});

test("an encrypted run is resumed, read and repaired with its key, and with none of it without (P-151)", async () => {
  vi.stubEnv("TUTTI_JOURNAL_KEY", "ab".repeat(32));
  const kept = await stoppedRun();
  vi.stubEnv("TUTTI_JOURNAL_KEY", "");
  await expect(start()).rejects.toThrow("is encrypted: give its key with --journal-key FILE");
  await expect(readRun(scene.folder(), "mine")).rejects.toThrow("is encrypted: give its key");
  vi.stubEnv("TUTTI_JOURNAL_KEY", "cd".repeat(32));
  await expect(readRun(scene.folder(), "mine")).rejects.toThrow("another key than that of TUTTI_JOURNAL_KEY");
  vi.stubEnv("TUTTI_JOURNAL_KEY", "ab".repeat(32));
  for (const name of ["journal", "rounds"]) {
    for (const file of readdirSync(join(folder(), name))) {
      expect(readFileSync(join(folder(), name, file), "latin1")).not.toMatch(/client-a|tensor\/|"round"/);
    }
  }
  expect((await readKeptRound(folder(), 1)).rounds).toEqual([1, 2]);
  const middle = readFileSync(journalFile()).lastIndexOf("TTJF");
  changeByte(journalFile(), middle + 20);
  expect((await repairRun(scene.folder(), "mine", true)).outcome).toBe("repaired");
  const resumed = await start();
  scene.join(resumed, "a", { kept });
  expect((await resumed.whenDone()).summary.isDone).toBe(true);
});

test.each([
  { what: "that became shorter", change: (bytes: Buffer) => bytes.subarray(0, 4096 * 3) },
  {
    what: "with foreign bytes in its pages",
    change: (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i > 8192 ? (i * 7919) & 255 : byte))),
  },
])("a database of an older version $what ends the process that reads it, and the run is refused with a sentence", async ({ change }) => {
  const packed = readFileSync(join(import.meta.dirname, "../testing/olderRuns/corrections.mdb.gz"));
  mkdirSync(join(scene.folder(), "older", "journal"), { recursive: true });
  writeFileSync(join(scene.folder(), "older", "journal", "data.mdb"), change(gunzipSync(packed)));
  await expect(readRun(scene.folder(), "older")).rejects.toThrow(
    /data\.mdb is damaged: the process that read it ended with (SIG|exit code)/,
  );
  await expect(scene.start(run, { ...options, runId: "older" }, inFolder)).rejects.toThrow("data.mdb is damaged");
});
