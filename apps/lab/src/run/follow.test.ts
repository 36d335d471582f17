import { type FedPepTaoSettings, fedPt, type RoundPlan, type RunSettings } from "@tutti/core";
import { exampleRun } from "@tutti/record/testing";
import { type Coordinator, memoryStore, startCoordinator } from "@tutti/server";
import { joinAsClient, newClient, type ProtocolClientOptions, tinyRun, tinyTuned } from "@tutti/server/testing";
import type { RunProgress } from "@tutti/terminal";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, expect, test } from "vitest";
import { createFollower, latestAccuracy, planLines } from "./follow.ts";

const closeables: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
});

async function start(run: RunSettings, content = new Map<string, Uint8Array>()): Promise<Coordinator> {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const options = { host: "127.0.0.1", port: 0, dataDir: folder.path, pagesDir: null, publicDir: folder.path, runId: "followed" };
  const coordinator = await startCoordinator(
    { ...options, logLevel: "silent", expectedClients: 1, writesRunFiles: false, run },
    { tuned: tinyTuned(run), store: memoryStore(content) },
  );
  closeables.push(() => coordinator.close());
  return coordinator;
}

/** Joins with a client that hosts all devices. */
function join({ url }: Coordinator, options: Partial<ProtocolClientOptions> = {}): void {
  const client = joinAsClient({ url, kept: newClient("a"), ...options });
  closeables.push(() => client.close());
}

/** What is drawn at each closed step. */
function follow(coordinator: Coordinator, run: RunSettings): RunProgress[] {
  const closed: RunProgress[] = [];
  const nothing = () => undefined;
  const display = { say: nothing, show: nothing, end: nothing, showClosed: (progress: RunProgress) => closed.push(progress) };
  closeables.push(coordinator.subscribe(createFollower(coordinator, run, display)));
  return closed;
}

function changed(strategy: Partial<FedPepTaoSettings>, numRounds = 2): RunSettings {
  const run = tinyRun({ numRounds, quorum: 1 });
  return { ...run, strategy: { ...run.strategy, ...strategy } as FedPepTaoSettings };
}

const told = ({ stage, round, numRounds, kind }: RunProgress) => `${stage} ${round}/${numRounds} ${kind}`;
const training = ["train 1/2 train", "train 2/2 train", "train 2/2 evaluate"];
const courses: readonly [what: string, strategy: Partial<FedPepTaoSettings>, steps: readonly string[]][] = [
  ["selector all and prompts from counting", { selector: "all", countingRounds: 2 }, ["count 1/2 train", "count 2/2 train", ...training]],
  ["selector all and fresh prompts", { selector: "all", initialPrompts: "fresh" }, training],
  ["fresh prompts and a fixed fraction", { keepFraction: 0.5, initialPrompts: "fresh" }, ["score 1/1 score", ...training]],
  ["no counting rounds", { countingRounds: 0 }, ["score 1/1 score", "count 1/1 probe", ...training]],
];

test.each(courses)("with %s the bar counts the rounds that there are, and no time is left at the end", async (_, strategy, steps) => {
  const run = changed(strategy);
  const coordinator = await start(run);
  const closed = follow(coordinator, run);
  join(coordinator);
  await coordinator.whenDone();
  expect(closed.map(told)).toEqual(steps);
  expect(closed.at(-1)).toMatchObject({ secondsLeft: 0, stageFraction: 1 });
  const trained = closed.findIndex(({ kind }) => kind === "train");
  expect(closed.slice(0, trained).every(({ secondsLeft }) => secondsLeft === null)).toBe(true);
  expect(closed.slice(trained, -1).every(({ secondsLeft }) => (secondsLeft ?? 0) > 0)).toBe(true);
});

test("a run that is resumed is drawn in the round where it stands", async () => {
  const content = new Map<string, Uint8Array>();
  const run = changed({}, 3);
  const before = await start(run, content);
  const held = new Promise<void>((resolve) =>
    join(before, {
      onTask({ stage, round }) {
        const isHeld = stage === "train" && round === 2;
        if (isHeld) resolve();
        return !isHeld;
      },
    }),
  );
  await held;
  await before.close();
  const coordinator = await start(run, content);
  const closed = follow(coordinator, run);
  join(coordinator);
  await coordinator.whenDone();
  expect(closed.map(told)).toEqual(["train 2/3 train", "train 2/3 evaluate", "train 3/3 train", "train 3/3 evaluate"]);
});

test("the accuracy beside the bar is that of the last evaluation, by protocol, with the number of texts", () => {
  const { steps = [] } = exampleRun;
  expect(latestAccuracy(steps)).toBe("personalised 0.702, newcomer 0.640, global 0.601 (of 288 texts)");
  expect(latestAccuracy(steps.slice(0, 5))).toBe("personalised 0.610, global 0.520 (of 288 texts)");
  expect(latestAccuracy(steps.slice(0, 2))).toBeNull();
});

test("a step that waits for a compute client says so once, with what to start, and the run goes on when one comes", async () => {
  const run = tinyRun({ numRounds: 2, evaluateEvery: 2, quorum: 1, strategy: { ...fedPt.defaults, distillSteps: 2 } });
  const coordinator = await start(run);
  const said: string[] = [];
  const nothing = () => undefined;
  const display = { say: (line: string) => said.push(line), show: nothing, end: nothing, showClosed: nothing };
  closeables.push(coordinator.subscribe(createFollower(coordinator, run, display)));
  join(coordinator);
  const waits = () => said.filter((line) => line.includes("tutti compute --join"));
  await expect.poll(() => waits().length).toBe(1);
  join(coordinator, { kept: newClient("server"), hosting: "compute", token: coordinator.computeToken ?? "" });
  await coordinator.whenDone();
  expect(waits()).toHaveLength(1);
});

test("plans are said a line each, with the devices that none fits, and not more than a dozen", () => {
  const machine = { flopsPerSecond: 2e10, memoryBytes: 1e9, bytesPerSecond: 1e7, baseForm: "unpacked" } as const;
  const plan = {
    bits: 16,
    batchSize: 8,
    ranks: [16, 0, 4],
    numValues: 9,
    seconds: 2.1,
    memoryBytes: 1.2e7,
    underUse: 0.643,
    machine,
  } as const;
  const task = (deviceId: number) => ({ deviceId, plan }) as unknown as RoundPlan["tasks"][number];
  const leftOut = [{ deviceId: 5, reason: "the smallest plan takes 9 s" }];
  expect(planLines({ round: 2, tasks: [task(1)], leftOut })).toEqual([
    "device 1 (20 Gflop/s, 10.0 MB/s): 16 bits, batches of 8, ranks × matrices 16 × 1, 4 × 1; 12.0 MB of 1.00 GB; 2.1 s a round, 64.3 % unused",
    "device 5 is left out: the smallest plan takes 9 s",
  ]);
  const many = planLines({ round: 2, tasks: Array.from({ length: 15 }, (_, id) => task(id)) });
  expect(many).toHaveLength(13);
  expect(many.at(-1)).toBe("and 3 more");
  expect(planLines({ round: 1, tasks: [{ ...task(0), plan: undefined } as unknown as RoundPlan["tasks"][number]] })).toEqual([]);
});
