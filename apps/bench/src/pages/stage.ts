import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presets, type RunSettings } from "@tutti/core";
import { classificationTasks } from "@tutti/data";
import { type Coordinator, readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { ensurePages, loadBrowserScript, publicFolder } from "@tutti/server/checkout";
import { joinAsClient, newClient, type ProtocolClient } from "@tutti/server/testing";
import { type Browser, chromium, type Page } from "playwright-core";
import { type BenchRow, row } from "../rows.ts";

const numDevices = 60;

/** Rounds come every second or so, and are never evaluated: simulated devices do not know the task's classes. */
const run: RunSettings = {
  ...presets.demo,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices / 2,
  numRounds: 500,
  evaluateEvery: 500,
  strategy: { name: "fedAvg", fineTuneEpochs: 0 },
};

/** Steps that a device says it takes of a task, and milliseconds between two. */
const [numSteps, stepMs] = [8, 100];

const watchedMs = 10_000;

/** What the stage takes of the computer that shows it, while 60 devices work. */
export async function benchStage(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-stage-"));
  const coordinator = await serve(join(folder, "runs"), await ensurePages(() => undefined));
  const clients = Array.from({ length: numDevices }, (_, index) => simulate(coordinator.url, index));
  const browser = await openBrowser();
  try {
    const { longestMs, share } = await watch(browser, `${coordinator.url}/stage`);
    return [
      row(`stage with ${numDevices} devices: longest task of the main thread`, longestMs, "ms", { atMost: 50 }),
      row(`stage with ${numDevices} devices: share of a core`, 100 * share, "%", { atMost: 10 }),
    ];
  } finally {
    await browser.close();
    for (const client of clients) client.close();
    await coordinator.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function serve(dataDir: string, pagesDir: string): Promise<Coordinator> {
  const publicDir = publicFolder();
  const numClasses = classificationTasks.find(({ name }) => name === run.task)?.classes.length ?? null;
  const place = { dataDir, runId: "bench", host: "127.0.0.1", port: 0, pagesDir, publicDir, logLevel: "silent" } as const;
  return startCoordinator(
    { ...place, expectedClients: numDevices, run },
    { tuned: tunedParameters(run, readBackboneSizes(publicDir, run.backbone), numClasses) },
  );
}

/** A client of one device that tells how far it is. */
function simulate(url: string, index: number): ProtocolClient {
  const client = joinAsClient({
    url,
    kept: newClient(`stage ${index}`),
    nickname: `device ${index}`,
    async onTask({ taskId }) {
      for (let step = 1; step <= numSteps; step++) {
        await new Promise((resolve) => setTimeout(resolve, stepMs * (1 + (index % 7) / 10)));
        void client.call("progress", { taskId, step, numSteps, loss: 1 });
      }
      return true;
    },
  });
  return client;
}

async function openBrowser(): Promise<Browser> {
  const { ensureBrowser, chromiumFlags } = await loadBrowserScript();
  return chromium.launch({ executablePath: await ensureBrowser(), args: [...chromiumFlags] });
}

interface Taken {
  /** 0 where no task took 50 ms, below which browsers tell of none. */
  readonly longestMs: number;
  /** CPU time of the page's main thread over the time that went by. */
  readonly share: number;
}

async function watch(browser: Browser, address: string): Promise<Taken> {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  await page.goto(address);
  await page
    .locator(".tile")
    .nth(numDevices - 1)
    .waitFor();
  await page.getByTestId("bytes-plot").locator("svg").waitFor();
  await page.evaluate(noteLongTasks);
  const mainThread = await watchMainThread(page);
  const before = await mainThread();
  await page.waitForTimeout(watchedMs);
  const after = await mainThread();
  const longestMs = await page.evaluate("longestTask");
  if (typeof longestMs !== "number") throw new Error("the page told of no longest task");
  return { longestMs, share: (after.cpuSeconds - before.cpuSeconds) / (after.at - before.at) };
}

/** In the page: the longest task of the main thread from here on. */
const noteLongTasks = `
  globalThis.longestTask = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, duration);
  }).observe({ type: "longtask" });
`;

/** Tells the CPU seconds that the page's main thread has taken since the first look. */
async function watchMainThread(page: Page): Promise<() => Promise<{ readonly cpuSeconds: number; readonly at: number }>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const cpuSeconds = metrics.find(({ name }) => name === "TaskDuration")?.value;
    if (cpuSeconds === undefined) throw new Error("the browser does not tell TaskDuration");
    return { cpuSeconds, at: performance.now() / 1000 };
  };
}
