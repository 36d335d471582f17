import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Coordinator, type CoordinatorOptions, startCoordinator } from "@tutti/server";
import { joinAsClient, memoryStore, newClient, type ProtocolClient, tinyFedAvg, tinyTuned } from "@tutti/server/testing";
import { afterEach, expect, test } from "vitest";
import { plain, sparkline } from "./figures.ts";
import { watch } from "./watch.ts";

const run = tinyFedAvg({ task: "feedback/topic" });
const folder = mkdtempSync(join(tmpdir(), "tutti-watch-"));
const coordinators: Coordinator[] = [];
const clients: ProtocolClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const coordinator of coordinators.splice(0)) await coordinator.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<CoordinatorOptions> = {}): Promise<Coordinator> {
  const place = { host: "127.0.0.1", port: 0, dataDir: folder, pagesDir: null, publicDir: folder, runId: "test" };
  const quiet = { logLevel: "silent", writesRunFiles: false } as const;
  const coordinator = await startCoordinator({ ...place, ...quiet, run, ...options }, { store: memoryStore(), tuned: tinyTuned(run) });
  coordinators.push(coordinator);
  return coordinator;
}

/** Two clients do the whole run. */
async function finish(coordinator: Coordinator, options: { readonly token?: string } = {}): Promise<void> {
  for (const nickname of ["Ada", "Grace"])
    clients.push(joinAsClient({ url: coordinator.url, kept: newClient(nickname), nickname, ...options }));
  await coordinator.whenDone();
}

async function finishedRun(): Promise<Coordinator> {
  const coordinator = await start();
  await finish(coordinator);
  return coordinator;
}

/** Watches until it ends by itself; what was written. */
async function watched(address: string, flags: Parameters<typeof watch>[1] = {}, isTTY = false): Promise<string> {
  const written: string[] = [];
  await watch(address, flags, { isTTY, columns: 100, rows: 40, write: (text: string) => written.push(text) } as Parameters<
    typeof watch
  >[2]);
  return written.join("");
}

test("without a terminal watching prints a line for each round, with hidden texts counted, and ends with the run", async () => {
  const coordinator = await finishedRun();
  const text = await watched(`${coordinator.url}/stage`);
  const lines = text.trimEnd().split("\n");
  expect(lines[0]).toContain("feedback/topic · tiny · fedAvg · run test");
  expect(lines.filter((line) => /^training round \d: 2 of 2 devices, loss 1\.25, /.test(line))).toHaveLength(4);
  const { numExamples } =
    coordinator
      .steps()
      .flatMap(({ evaluations }) => evaluations)
      .find(({ split }) => split === "test") ?? {};
  expect(lines.find((line) => line.startsWith("training round 4"))).toMatch(
    new RegExp(`shared model \\d+\\.\\d % of ${numExamples} hidden texts, .* up, .* down, drift 0\\.\\d+$`),
  );
  expect(lines.at(-1)).toBe("the run is over");
});

test("on a terminal the figures and every device are drawn in place", async () => {
  const coordinator = await finishedRun();
  const text = await watched(coordinator.url, {}, true);
  expect(text).toContain("the run is over");
  expect(text).toMatch(/layers +● ● ●/);
  expect(text).toMatch(/device \d Ada +done/);
  expect(text).toContain("4 done");
  expect(text).toContain("\u001B[0J");
});

test("with --json every event is a line that can be parsed", async () => {
  const coordinator = await finishedRun();
  const events = (await watched(coordinator.url, { json: true }))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events[0].event).toBe("whole");
  expect(events.at(-1).data.status.phase).toBe("done");
});

test("what is wrong with an address is said, and a code word asked for", async () => {
  await expect(watched("no address")).rejects.toThrow("no address is not a coordinator's address");
  await expect(watched("http://127.0.0.1:1/")).rejects.toThrow("no coordinator answers");
  const closed = await start({ admission: "code", codeWord: "blue heron" });
  await expect(watched(closed.url)).rejects.toThrow("this run is by code word: give the whole link");
  await expect(watched(closed.url, { token: "red heron" })).rejects.toThrow("this run is by code word");
  await finish(closed, { token: "blue heron" });
  expect(await watched(`${closed.url}/#token=blue%20heron`)).toContain("the run is over");
});

test("a sparkline goes from the least to the most, and says nothing of values that are all the same", () => {
  expect(sparkline([1, 2, 3])).toBe("▁▅█");
  expect(sparkline([2, 2])).toBe("");
  expect(sparkline([5])).toBe("");
});

test("a name that turns a line round, and a status with control characters, do nothing to the terminal", async () => {
  const coordinator = await start();
  clients.push(joinAsClient({ url: coordinator.url, kept: newClient("a"), nickname: "\u202Eeval" }));
  clients.push(joinAsClient({ url: coordinator.url, kept: newClient("b"), nickname: "Grace" }));
  await coordinator.whenDone();
  expect(await watched(coordinator.url, {}, true)).toMatch(/device \d {1,2}eval +done/);
  expect(plain("late\u001B]0;title\u0007\r\nnext\u009B2J")).toBe("late ]0;title next 2J");
});
