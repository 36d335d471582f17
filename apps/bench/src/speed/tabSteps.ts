import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deferred } from "@tutti/core";
import { loadBrowserScript } from "@tutti/server/checkout";
import { chromium, type Page } from "playwright-core";

const limitMs = 120_000;

/** A tab that trains alone. */
export interface LoneTab {
  /** Its checkout's folder. */
  readonly root: string;
  readonly publicDir: string;
  readonly backbone: string;
  readonly threads: number;
  /** Steps that do not count: for two seconds the browser still compiles the script, on the core that a second thread would have. */
  readonly numWarm: number;
  /** Steps that are timed, of the same task. */
  readonly numSteps: number;
  readonly signal: AbortSignal;
}

/** Milliseconds per training step in a Chromium that trains on WASM for a run of one device, whose steps are the same each time. */
export async function timeLoneTab({ root, publicDir, backbone, threads, numWarm, numSteps, signal }: LoneTab): Promise<number> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), "tutti-tab-"));
  const file = join(folder, "settings.json");
  const run = { backbone, numDevices: 1, minDevices: 1, cohortSize: 1, evaluateEvery: 12, strategy: { name: "fedAvg" } };
  await writeFile(file, JSON.stringify({ preset: "demo", expectedClients: 1, host: "127.0.0.1", run }));
  const args = ["serve", "--config", file, "--port", "0", "--out", folder, "--public", publicDir];
  const coordinator = spawn(process.execPath, [join(root, "apps/cli/bin/tutti.mjs"), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { ensureBrowser, chromiumFlags } = await loadBrowserScript();
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: [...chromiumFlags] });
  const stop = () => void browser.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const page = await browser.newPage();
    return await timeSteps(page, `${await addressOf(coordinator, signal)}?auto=1&backend=wasm&threads=${threads}`, { numWarm, numSteps });
  } finally {
    signal.removeEventListener("abort", stop);
    await browser.close();
    coordinator.kill("SIGTERM");
    if (coordinator.exitCode === null) await new Promise((resolve) => coordinator.once("exit", resolve));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

type StepsCounted = Pick<LoneTab, "numWarm" | "numSteps">;

async function timeSteps(page: Page, address: string, { numWarm, numSteps }: StepsCounted): Promise<number> {
  const done = deferred<number>();
  await page.exposeFunction("tuttiTimed", done.resolve);
  await page.addInitScript({ content: noteSteps({ numWarm, numSteps }) });
  const tooLate = new Error(`no task of ${numWarm + numSteps} training steps within ${limitMs / 1000} s of opening ${address}`);
  const timer = setTimeout(() => done.reject(tooLate), limitMs);
  page.once("close", () => done.reject(new Error(`the tab at ${address} was closed`)));
  await page.goto(address);
  return await done.promise.finally(() => clearTimeout(timer));
}

/**
 * In the page, before its own scripts: tells once how long its training worker took for a step, since each telling takes time from a tab on all cores.
 * The page itself hears of some steps only, each by its number.
 */
const noteSteps = ({ numWarm, numSteps }: StepsCounted) => `
  let first = null;
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        if (data?.kind !== "step" || data.progress.step <= ${numWarm}) return;
        const { step } = data.progress;
        const atMs = performance.now();
        first ??= { step, atMs };
        if (step >= first.step + ${numSteps}) tuttiTimed((atMs - first.atMs) / (step - first.step));
      });
    }
  };
`;

/** The address that a coordinator prints. */
async function addressOf(coordinator: ChildProcess, signal: AbortSignal): Promise<string> {
  const found = deferred<string>();
  let said = "";
  coordinator.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
    const [, address] = /(http:\/\/127\.0\.0\.1:\d+)\s/.exec(said) ?? [];
    if (address !== undefined) found.resolve(`${address}/`);
  });
  coordinator.once("exit", (code) => found.reject(new Error(`the coordinator ended with exit code ${code}: ${said.slice(-500)}`)));
  signal.addEventListener("abort", () => found.reject(signal.reason), { once: true });
  return found.promise;
}
