import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { writePromptsFile } from "@tutti/model";
import { loadAdapterScript } from "@tutti/server/checkout";
import { build } from "vite";
import { type Firefox, startFirefox } from "./setting/firefox.ts";
import { projectFolder } from "./setting/places.ts";
import { findProgram } from "./setting/programs.ts";
import { hashOf, joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

const path = await findProgram("firefox-esr");
test.skip(path === null, "skipped: no firefox-esr (install Debian's, or set TUTTI_FIREFOX to its path)");

let firefox: Firefox;
test.beforeAll(async () => {
  if (path !== null) firefox = await startFirefox(path);
});
test.afterAll(() => firefox?.close());

const shown = (testId: string) => `document.querySelector("[data-testid=${testId}]")?.textContent ?? null`;

test("a Firefox tab with two threads tunes the same prompts as Chromium, to the byte, and neither browser finds an error", async ({
  page,
}) => {
  const said: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && said.push(message.text()));
  page.on("pageerror", (error) => said.push(error.message));
  const tuned: { prompts: Buffer; everything: string }[] = [];
  for (const open of [(url: string) => firefox.open(url), (url: string) => page.goto(url)]) {
    const coordinator = await serveRun(tinyRun, { expectedClients: 1 });
    await open(joinAddress(coordinator, "wasm", 2));
    const outcome = await coordinator.whenDone();
    expect(coordinator.clients()[0]).toMatchObject({ backend: "wasm" });
    const prompts = writePromptsFile({ runId: "the run", settings: tinyRun, params: outcome.newcomerParams });
    tuned.push({ prompts: Buffer.from(prompts), everything: hashOf(outcome) });
    await coordinator.close();
  }
  expect(tuned[0]?.prompts.equals(tuned[1]?.prompts ?? Buffer.alloc(0))).toBe(true);
  expect(tuned[0]?.everything).toBe(tuned[1]?.everything);
  expect(firefox.console.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  expect(said).toEqual([]);
});

test("nine Firefox tabs in a row, opened, joined and closed, all get their two threads", async () => {
  // more clients are expected than come: nothing is trained, tabs only come and go
  const coordinator = await serveRun({ ...tinyRun, numDevices: 12, minDevices: 12 }, { expectedClients: 12 });
  const backends: unknown[] = [];
  for (let tab = 0; tab < 9; tab++) {
    const opened = await firefox.open(`${joinAddress(coordinator, "wasm", 2)}&tab=${tab}`);
    const state = () => opened.evaluate("document.documentElement.dataset.state");
    await expect.poll(state, { message: `tab ${tab}`, timeout: 20_000 }).toBe("waiting");
    backends.push(await opened.evaluate(shown("backend")));
    await opened.close();
  }
  await coordinator.close();
  const numThreads = await firefoxThreads();
  expect(backends).toEqual(Array.from({ length: 9 }, () => `CPU, ${numThreads === 1 ? "1 thread" : "2 threads"}`));
});

test("a Firefox that has no WebGPU on localhost says that it offers none, not that the page needs https", async () => {
  const coordinator = await serveRun(tinyRun, { expectedClients: 2 }); // the second does not come: nothing is trained
  const tab = await firefox.open(joinAddress(coordinator, "auto", 2));
  expect(await tab.evaluate("isSecureContext")).toBe(true);
  await expect.poll(() => tab.evaluate("document.documentElement.dataset.state"), { timeout: 60_000 }).toBe("waiting");
  const reason = await tab.evaluate(shown("backend-reason"));
  expect(reason).not.toContain("https or localhost");
  if (await tab.evaluate("navigator.gpu === undefined")) expect(reason).toContain("this browser offers no WebGPU");
  await tab.close();
  await coordinator.close();
});

/** In the page: milliseconds of one of ten readbacks, or why there are none. */
const timeReadbacks = `(async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return "skipped: this Firefox offers no WebGPU adapter";
  const device = await adapter.requestDevice();
  if (!readbacks.pollsSlowly(navigator.userAgent)) return "taken for a browser that polls at once";
  readbacks.wakeReadbacks(device);
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const start = performance.now();
  for (let i = 0; i < 10; i++) {
    device.queue.writeBuffer(buffer, 0, Float32Array.of(i + 0.5));
    await buffer.mapAsync(GPUMapMode.READ);
    const [found] = new Float32Array(buffer.getMappedRange());
    if (found !== i + 0.5) return "read " + found;
    buffer.unmap();
  }
  return (performance.now() - start) / 10;
})()`;

test("in Firefox a readback does not wait for its timer of 100 ms", async () => {
  const prefs = { "dom.webgpu.enabled": true, "dom.webgpu.workers.enabled": true, "gfx.webgpu.ignore-blocklist": true };
  const withGpu = await startFirefox(path ?? "", prefs, await (await loadAdapterScript()).softwareAdapter());
  const coordinator = await serveRun(tinyRun, { expectedClients: 2 }); // nobody joins: browsers want a page of localhost for WebGPU
  const tab = await withGpu.open(coordinator.url);
  const found = await tab.evaluate(`${await bundle("packages/model/src/gpu/readbacks.ts", "readbacks")}; ${timeReadbacks}`);
  await withGpu.close();
  await coordinator.close();
  test.skip(String(found).startsWith("skipped"), String(found));
  expect(found).toBeLessThan(50);
});

/** A module of the project as a script that declares `name`. */
async function bundle(module: string, name: string): Promise<string> {
  const entry = join(projectFolder, module);
  const lib = { entry, formats: ["iife" as const], name, fileName: name };
  const built = await build({ root: projectFolder, configFile: false, publicDir: false, logLevel: "error", build: { write: false, lib } });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error(`${module} could not be bundled`);
  return output.output[0].code;
}

/** A computer with one core gives one thread. */
async function firefoxThreads(): Promise<number> {
  const tab = await firefox.open("about:blank");
  const numCores = Number(await tab.evaluate("navigator.hardwareConcurrency"));
  await tab.close();
  return Math.min(2, numCores);
}
