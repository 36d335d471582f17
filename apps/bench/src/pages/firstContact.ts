import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { deferred, presets, type RunSettings } from "@tutti/core";
import { classificationTasks } from "@tutti/data";
import { type Coordinator, readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { ensurePages, loadBrowserScript, publicFolder } from "@tutti/server/checkout";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { type BenchRow, row } from "../rows.ts";
import { startHelper } from "./helperClient.ts";

const limitMs = 120_000;
const numDevices = 2;

/** The demo's settings for a tab and one helper, with rounds enough that both visits find one. */
const run: RunSettings = {
  ...presets.demo,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices,
  numRounds: 500,
  evaluateEvery: 500,
};

/** How long a visitor waits who presses Join as soon as the page shows it: on a clean profile, and on the next visit with the same one. */
export async function benchFirstContact(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-pages-"));
  const pagesDir = await ensurePages(() => undefined);
  const coordinator = await serve(join(folder, "runs"), pagesDir);
  const helper = startHelper(coordinator.url, join(folder, "helper"));
  const browser = await openBrowser(join(folder, "profile"));
  try {
    await Promise.race([isReady(coordinator), helper.failed]);
    const first = await Promise.race([visit(browser, coordinator.url), helper.failed]);
    const next = await Promise.race([visit(browser, coordinator.url), helper.failed]);
    const scriptBytes = await compressedBytes(pagesDir, first.scriptsBeforeWorker);
    return [
      row("first visit: from Join to the first accepted contribution", first.acceptedMs / 1000, "s", { atMost: 20 }),
      row("next visit: from opening the page to the first step", next.stepMs / 1000, "s", { atMost: 3 }),
      row("script before the training worker, compressed", scriptBytes / 1000, "kB", { atMost: 120 }),
    ];
  } finally {
    await browser.close();
    await helper.stop();
    await coordinator.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function serve(dataDir: string, pagesDir: string): Promise<Coordinator> {
  const publicDir = publicFolder();
  const numClasses = classificationTasks.find(({ name }) => name === run.task)?.classes.length ?? null;
  const place = { dataDir, runId: "bench", host: "127.0.0.1", port: 0, pagesDir, publicDir, logLevel: "silent", maxPerClient: 1 } as const;
  return startCoordinator({ ...place, run }, { tuned: tunedParameters(run, readBackboneSizes(publicDir, run.backbone), numClasses) });
}

async function isReady(coordinator: Coordinator): Promise<void> {
  const start = performance.now();
  while (coordinator.status().numDevices === 0) {
    if (performance.now() - start > limitMs) throw new Error(`the helper registered no device within ${limitMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function openBrowser(profile: string): Promise<BrowserContext> {
  const { ensureBrowser, chromiumFlags } = await loadBrowserScript();
  const context = await chromium.launchPersistentContext(profile, { executablePath: await ensureBrowser(), args: [...chromiumFlags] });
  await context.addInitScript({ content: watchWorker });
  return context;
}

interface Visit {
  /** From pressing Join. */
  readonly acceptedMs: number;
  /** From the navigation. */
  readonly stepMs: number;
  /** Names of the scripts that were there when the page started its training worker. */
  readonly scriptsBeforeWorker: readonly string[];
}

/** One visit from opening the page to the first accepted contribution; the tab is closed at its end. */
async function visit(context: BrowserContext, address: string): Promise<Visit> {
  const page = await context.newPage();
  const stepped = deferred<number>();
  const accepted = acceptance(page);
  await page.exposeFunction("tuttiStepped", stepped.resolve);
  await page.goto(address);
  await page.getByTestId("join").click();
  const joinedAt = performance.now();
  const [stepMs, acceptedAt] = await within(Promise.all([stepped.promise, accepted]), `no contribution of ${address} was accepted`);
  const addresses = await page.evaluate<readonly string[]>("tuttiScripts");
  await page.close();
  return { acceptedMs: acceptedAt - joinedAt, stepMs, scriptsBeforeWorker: addresses.map((one) => one.split("/").at(-1) ?? "") };
}

/** When the coordinator answers a submission with `accepted`, on the socket of the page. */
function acceptance(page: Page): Promise<number> {
  return new Promise((resolve) => {
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (typeof payload === "string" && payload.includes('"accepted"')) resolve(performance.now());
      }),
    );
  });
}

async function within<T>(answer: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${limitMs / 1000} s`)), limitMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** In the page, before its own scripts: notes which scripts are there when a worker starts, and tells of its first step, in milliseconds since the navigation. */
const watchWorker = `
  const scripts = () => performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.endsWith(".js"));
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      globalThis.tuttiScripts ??= scripts();
      this.addEventListener("message", ({ data }) => { if (data?.kind === "step") tuttiStepped(performance.now()); });
    }
  };
`;

async function compressedBytes(pagesDir: string, names: readonly string[]): Promise<number> {
  const compress = promisify(gzip);
  const sizes = await Promise.all(names.map(async (name) => (await compress(await readFile(join(pagesDir, "assets", name)))).length));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
