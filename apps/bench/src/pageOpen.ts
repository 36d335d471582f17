import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deferred } from "@tutti/core";
import { loadBrowserScript } from "@tutti/server/checkout";
import { chromium, type Page } from "playwright-core";

const numTabs = 2;
/** Federated averaging: the first task of every tab is training. The run begins when both tabs are there, each with its share. */
const settings = {
  preset: "demo",
  expectedClients: numTabs,
  host: "127.0.0.1",
  run: { numDevices: numTabs, minDevices: numTabs, cohortSize: numTabs, strategy: { name: "fedAvg" } },
};
const limitMs = 120_000;

/** How long a visitor waits, from the navigation to the first training step of the tab that is later. */
export interface PageOpening {
  /** With a browser that has never been there. */
  readonly uncachedMs: number;
  /** On the next visit, with what the browser kept. */
  readonly cachedMs: number;
  /** Milliseconds until each phase of loading began in the first tab, for whoever looks for the time; uncached, then cached. */
  readonly phases: readonly Readonly<Record<string, number>>[];
}

/**
 * Opens two tabs of one browser on the run of a checkout, twice: the folder may hold another commit of the project, whose pages are built there.
 * Only the training worker's messages are looked at. Backends are chosen as the pages choose them.
 */
export async function timePageOpening(checkout: string): Promise<PageOpening> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-open-"));
  const port = await freePort();
  try {
    const uncached = await visit(checkout, { folder, port, name: "first" });
    const cached = await visit(checkout, { folder, port, name: "second" });
    return { uncachedMs: latest(uncached), cachedMs: latest(cached), phases: [uncached[0] ?? {}, cached[0] ?? {}] };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

type Marks = Record<string, number>;

const latest = (tabs: readonly Marks[]): number => Math.max(...tabs.map(({ step = Number.NaN }) => step));

/** One run, for which a coordinator and a browser are started; port and profile stay the same, so that the browser finds what it kept. */
async function visit(checkout: string, { folder, port, name }: { folder: string; port: number; name: string }): Promise<Marks[]> {
  const file = join(folder, `${name}.json`);
  const out = join(folder, `runs-${name}`);
  await mkdir(out, { recursive: true });
  await writeFile(file, JSON.stringify(settings));
  const args = ["serve", "--config", file, "--port", String(port), "--out", out, "--run", name];
  const coordinator = spawn(process.execPath, [join(checkout, "apps/cli/bin/tutti.mjs"), ...args], {
    cwd: checkout,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { ensureBrowser, chromiumFlags } = await loadBrowserScript();
  const browser = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: await ensureBrowser(),
    args: [...chromiumFlags],
  });
  try {
    await browser.addInitScript({ content: watchWorkers });
    const tabs = await Promise.all(Array.from({ length: numTabs }, () => browser.newPage()));
    await isListening(coordinator, port);
    return await Promise.all(tabs.map((page) => open(page, `http://127.0.0.1:${port}/?auto=1`)));
  } finally {
    await browser.close();
    coordinator.kill("SIGTERM");
    await new Promise((resolve) => (coordinator.exitCode === null ? coordinator.once("exit", resolve) : resolve(null)));
  }
}

async function open(page: Page, address: string): Promise<Marks> {
  const stepped = deferred<Marks>();
  await page.exposeFunction("tuttiStepped", stepped.resolve);
  const timer = setTimeout(() => stepped.reject(new Error(`no training step within ${limitMs / 1000} s of opening ${address}`)), limitMs);
  await page.goto(address);
  return stepped.promise.finally(() => clearTimeout(timer));
}

/** In the page, before its own scripts: notes when its training worker first says each thing, in milliseconds since the navigation. */
const watchWorkers = `
  const marks = {};
  const note = (name) => { marks[name] ??= performance.now(); };
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      note("worker");
      this.addEventListener("message", ({ data }) => {
        const { kind, progress } = data ?? {};
        note(kind === "loading" ? [progress.phase, progress.backend ?? ""].join(" ").trim() : String(kind));
        if (kind === "step") tuttiStepped(marks);
      });
    }
  };
`;

async function isListening(coordinator: ChildProcess, port: number): Promise<void> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < limitMs) {
    if (coordinator.exitCode !== null) throw new Error(`the coordinator ended with exit code ${coordinator.exitCode}`);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the coordinator did not listen within ${limitMs / 1000} s`);
}

/** The same port for both visits, because a browser keeps things by address. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
