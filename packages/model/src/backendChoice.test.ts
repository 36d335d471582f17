import { expect, test } from "vitest";
import { type BackendChoice, type ChoiceOptions, chooseAmong } from "./backendChoice.ts";
import { NoAdapterError } from "./gpu/adapter.ts";
import type { BackendName } from "./startedBackend.ts";

const kernels = { variant: "shared", reason: "kernels with workgroup memory" } as const;

/** A browser whose backends take these milliseconds for a step; a string is why one does not start. `gpu` null is a browser without. */
function browser(gpu: string | null, speeds: Partial<Record<BackendName, number | string>>) {
  const log: string[] = [];
  let current: BackendName = "cpu";
  const choose = (options: ChoiceOptions = {}) =>
    chooseAmong(options, {
      async findAdapter() {
        log.push("find adapter");
        if (gpu === null) throw new NoAdapterError("this browser offers no WebGPU", "notOffered");
        return gpu;
      },
      async start(name, options) {
        log.push(`start ${name}${options.kernels === undefined ? "" : ` ${options.kernels.variant}`}`);
        const speed = speeds[name];
        if (typeof speed === "string") throw new Error(`backend ${name}: ${speed}`);
        current = name;
        return {
          name,
          threads: name === "wasm" ? 2 : 1,
          adapter: name === "webgpu" ? gpu : null,
          kernels: name === "webgpu" ? kernels : null,
        };
      },
      openMicroStep() {
        const name = current;
        return {
          async round() {
            log.push(`round ${name}`);
            return speeds[name] as number;
          },
          dispose: () => log.push(`end ${name}`),
        };
      },
      settle: async (name) => void log.push(`settle ${name}`),
      availableThreads: (wanted) => (wanted === 0 ? 2 : wanted),
      fewThreads: () => null,
      now: () => Date.UTC(2026, 10, 30),
    });
  return { choose, log };
}

const rounds = (name: string, count: number) => [...new Array<string>(count).fill(`round ${name}`), `end ${name}`];
const geForce = "nvidia GeForce";

test("WASM is measured first, then WebGPU; the faster one computes and is to be remembered", async () => {
  const { choose, log } = browser(geForce, { wasm: 6, webgpu: 2 });
  const chosen = await choose();
  expect(log).toEqual(["find adapter", "start wasm", ...rounds("wasm", 4), "start webgpu", ...rounds("webgpu", 4), "settle webgpu"]);
  const reason = "WebGPU on nvidia GeForce takes 2 ms for a test step; WASM with 2 threads takes 6 ms; kernels with workgroup memory";
  expect(chosen).toMatchObject({ name: "webgpu", adapter: geForce, kernels, reason });
  expect(chosen.measured).toEqual({
    backend: "webgpu",
    adapter: geForce,
    threads: 2,
    kernels,
    reason,
    why: {
      backend: "webgpu",
      threads: 1,
      adapter: geForce,
      askedBy: null,
      measured: [
        { backend: "webgpu", threads: 1, adapter: geForce, ms: 2 },
        { backend: "wasm", threads: 2, adapter: null, ms: 6 },
      ],
      rememberedAtMs: null,
      notes: [{ kind: "kernels", variant: "shared" }],
    },
    measuredAtMs: Date.UTC(2026, 10, 30),
  });
});

test("a software adapter is left out without being started", async () => {
  const { choose, log } = browser("google swiftshader", { wasm: 6, webgpu: 1 });
  const chosen = await choose();
  expect(log).not.toContain("start webgpu");
  expect(chosen.reason).toBe(
    "WASM with 2 threads takes 6 ms for a test step; WebGPU was left out, as google swiftshader is a software adapter",
  );
  expect(chosen.measured).toMatchObject({ backend: "wasm", adapter: "google swiftshader", kernels: null });
});

test("WebGPU gets one warm round where that takes more than three times WASM's", async () => {
  const slow = browser(geForce, { wasm: 6, webgpu: 18.1 });
  expect((await slow.choose()).name).toBe("wasm");
  expect(slow.log.filter((line) => line === "round webgpu")).toHaveLength(2); // the first one compiles
  const close = browser(geForce, { wasm: 6, webgpu: 18 });
  await close.choose();
  expect(close.log.filter((line) => line === "round webgpu")).toHaveLength(4);
});

test("where WASM does not start a software adapter is tried, then plain JavaScript, and none of it is remembered", async () => {
  const software = await browser("llvmpipe", { wasm: "no SIMD", webgpu: 900 }).choose();
  expect(software).toMatchObject({ name: "webgpu", measured: null });
  expect(software.reason).toContain("WASM does not start (no SIMD)");
  const { choose } = browser("llvmpipe", { wasm: "no SIMD", webgpu: "device lost", cpu: 80 });
  expect(await choose()).toMatchObject({ name: "cpu", measured: null });
  const nothing = browser(null, { wasm: "no SIMD", cpu: "broken" });
  await expect(nothing.choose()).rejects.toThrow(
    "no backend starts here: WASM does not start (no SIMD); WebGPU does not start (this browser offers no WebGPU); Plain JavaScript does not start (broken)",
  );
});

test("a GPU that is there and does not start is not remembered as slow", async () => {
  const chosen = await browser(geForce, { wasm: 6, webgpu: "out of memory" }).choose();
  expect(chosen).toMatchObject({ name: "wasm", measured: null });
  const without = await browser(null, { wasm: 6 }).choose();
  expect(without.measured).toMatchObject({ backend: "wasm", adapter: null });
  expect(without.why?.notes).toEqual([{ kind: "noGpu", lack: "notOffered", detail: "this browser offers no WebGPU" }]);
});

const onGpu: BackendChoice = {
  backend: "webgpu",
  adapter: geForce,
  threads: 2,
  kernels,
  reason: "WebGPU on nvidia GeForce takes 2 ms for a test step",
  measuredAtMs: Date.UTC(2026, 9, 31, 12),
};

test("what is remembered starts at once, with its kernels and nothing measured, and says from when it is", async () => {
  const { choose, log } = browser(geForce, { wasm: 6, webgpu: 2 });
  expect(await choose({ remembered: onGpu })).toMatchObject({
    name: "webgpu",
    measured: null,
    reason: "Remembered from 2026-10-31: WebGPU on nvidia GeForce takes 2 ms for a test step",
  });
  expect(log).toEqual(["find adapter", "start webgpu shared", "settle webgpu"]);
});

test("what is remembered is measured again on another GPU, with other threads, or where it does not start", async () => {
  const other = browser("intel", { wasm: 6, webgpu: 2 });
  expect((await other.choose({ remembered: onGpu })).reason).toMatch(/^WebGPU on intel takes 2 ms/);
  const gone = browser(null, { wasm: 6 });
  expect((await gone.choose({ remembered: onGpu })).reason).toMatch(/^WASM with 2 threads takes 6 ms/);
  const onWasm: BackendChoice = { ...onGpu, backend: "wasm", kernels: null };
  const single = browser(geForce, { wasm: 6, webgpu: 2 });
  expect(await single.choose({ remembered: onWasm, threads: 1 })).toMatchObject({ name: "webgpu", measured: { threads: 1 } });
  expect(single.log.filter((line) => line === "start wasm")).toHaveLength(1);
  const broken = browser(geForce, { wasm: 6, webgpu: "device lost" });
  const chosen = await broken.choose({ remembered: onGpu });
  expect(chosen).toMatchObject({ name: "wasm", measured: null });
  expect(chosen.reason).toContain("WebGPU does not start (device lost)");
});

test("who watches the start hears of each backend before it, and of WebGPU while its adapter is looked for", async () => {
  const tried: BackendName[] = [];
  await browser("google swiftshader", { wasm: 6 }).choose({ onTrying: (name) => tried.push(name) });
  expect(tried).toEqual(["wasm", "webgpu"]);
});
