import { deferred, presets } from "@tutti/core";
import type { BackendChoice, BackendName, LoadProgress, TrainerReady, TrainerSetup } from "@tutti/model";
import type { WorkerTrainer } from "@tutti/model/bridge";
import { expect, test } from "vitest";
import type { BackendMemory } from "../storage/rememberedBackend.ts";
import { readyEvent } from "../testing/events.ts";
import { persistentTrainer } from "./persistentTrainer.ts";

const ready = (readyEvent.kind === "ready" ? readyEvent.ready : null) as TrainerReady;
const setup = { run: presets.demo, manifestUrl: "m", datasetUrl: "d", backend: "wasm", threads: 0 } as const satisfies TrainerSetup;
const backendPhase = (backend: BackendName): LoadProgress => ({ phase: "backend", backend, doneBytes: 0, totalBytes: 0 });

const measured: BackendChoice = {
  backend: "wasm",
  adapter: null,
  threads: 5,
  kernels: null,
  reason: "WASM with 5 threads takes 6 ms for a test step",
  measuredAtMs: 7000,
};

/** What the browser remembers, for a test to look at. */
function memoryOf(remembered: BackendChoice | null, isDue: boolean) {
  let known = remembered;
  let due = isDue;
  const memory: BackendMemory = {
    look: () => known,
    recall: () => known,
    remember(choice) {
      known = choice;
      due = false;
    },
    forget() {
      known = null;
    },
    isDue: () => due,
  };
  return { memory, known: () => known };
}

/** What a worker does when it is asked to start: begins with these backends, then goes on or stays where it is. */
type Behaviour = readonly [backends: readonly BackendName[], end: "ready" | "measured" | "stuck" | "broken" | "slow download"];

/** Workers that behave in turn as told, on a computer with 5 cores, and a clock that is moved by hand. */
function scene(...behaviours: readonly Behaviour[]) {
  return sceneWith(memoryOf(null, false).memory, ...behaviours);
}

function sceneWith(memory: BackendMemory, ...given: readonly (Behaviour | true)[]) {
  const behaviours = given.filter((one) => one !== true);
  const started: TrainerSetup[] = [];
  const log: string[] = [];
  const notices: string[] = [];
  let timers: { at: number; act: () => void }[] = [];
  let now = 0;
  const [task, measuredLater] = [deferred<never>(), deferred<BackendChoice | null>()];
  const trainer = persistentTrainer({
    availableThreads: (wanted) => (wanted === 0 ? 5 : Math.min(wanted, 5)),
    onNotice: (sentence) => notices.push(sentence),
    memory,
    hasLittleMemory: given.includes(true),
    after(ms, act) {
      const timer = { at: now + ms, act };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    open(numThreads) {
      log.push(`open ${numThreads}`);
      const start: WorkerTrainer["start"] = async (asked, onProgress) => {
        const [backends, end] = behaviours[started.length] ?? [[], "ready"];
        started.push(asked);
        for (const backend of backends) onProgress(backendPhase(backend));
        if (end === "broken") throw new Error("no manifest");
        if (end === "slow download") onProgress({ ...backendPhase(backends.at(-1) ?? "cpu"), hasStarted: true });
        onProgress({ phase: "backbone", doneBytes: 1, totalBytes: 9 });
        if (end === "measured") return { ...ready, measured };
        return end === "ready" ? ready : new Promise(() => undefined);
      };
      const rest = {
        addDevice: async () => ({ numExamples: 7 }),
        compute: () => task.promise,
        stop: async () => undefined,
        async measure() {
          log.push("measure");
          return measuredLater.promise;
        },
      };
      return {
        trainer: { start, ...rest, fail: () => undefined, isLost: () => false, pace: () => undefined },
        close: () => log.push("close"),
      };
    },
  });
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    const due = timers.filter(({ at }) => at <= now);
    timers = timers.filter(({ at }) => at > now);
    for (const { act } of due) act();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { trainer, started, log, notices, pass, task, measuredLater };
}

test("threads that do not start within 10 s end the worker; another one starts with one thread and says so", async () => {
  const { trainer, started, log, notices, pass } = scene([["wasm"], "stuck"], [["wasm"], "ready"]);
  const answer = trainer.start(setup, () => undefined);
  await pass(9_999);
  expect(log).toEqual(["open 5"]);
  await pass(1);
  const sentence = "5 threads did not start within 10 s, so this tab uses one";
  expect((await answer).reason).toBe(`${ready.reason}; ${sentence}`);
  expect(notices).toEqual([`${sentence}.`]);
  expect(log).toEqual(["open 5", "close", "open 1"]);
  expect(started.map(({ threads }) => threads)).toEqual([0, 1]);
  expect(await trainer.addDevice(3, { kind: "share", index: 3 })).toEqual({ numExamples: 7 });
});

test("a GPU that does not start is left out where the tab may choose, and its threads are watched after that", async () => {
  const { trainer, started, notices, pass } = scene([["webgpu"], "stuck"], [["wasm"], "stuck"], [["wasm"], "ready"]);
  const answer = trainer.start({ ...setup, backend: "auto" }, () => undefined);
  await pass(29_999);
  expect(started).toHaveLength(1);
  await pass(1);
  await pass(10_000);
  await answer;
  expect(started.map(({ backend, threads, askedBy }) => [backend, threads, askedBy])).toEqual([
    ["auto", 0, undefined],
    ["wasm", 0, "fallback"],
    ["wasm", 1, "fallback"],
  ]);
  expect(notices).toEqual([
    "The GPU did not start within 30 s, so this tab uses the CPU.",
    "5 threads did not start within 10 s, so this tab uses one.",
  ]);
});

test("each backend has its own time, and a download or one thread has none", async () => {
  const measured = scene([["webgpu"], "stuck"]);
  void measured.trainer.start({ ...setup, backend: "webgpu" }, () => undefined);
  const single = scene([["wasm"], "stuck"]);
  void single.trainer.start({ ...setup, threads: 1 }, () => undefined);
  const slow = scene([["webgpu", "wasm"], "slow download"]);
  void slow.trainer.start({ ...setup, backend: "auto" }, () => undefined);
  for (const { started, log, pass } of [measured, single, slow]) {
    await pass(3_600_000);
    expect(started).toHaveLength(1);
    expect(log).toHaveLength(1);
  }
});

test("a start that fails is not tried with less, and the same worker starts again when it is asked to", async () => {
  const { trainer, log, pass } = scene([["wasm"], "broken"], [["wasm"], "ready"]);
  await expect(trainer.start(setup, () => undefined)).rejects.toThrow("no manifest");
  await pass(60_000);
  expect(await trainer.start(setup, () => undefined)).toEqual(ready);
  await trainer.stop();
  expect(log).toEqual(["open 5"]);
});

test("a session that ended while a start was stuck starts nothing else", async () => {
  const { trainer, started, pass } = scene([["wasm"], "stuck"]);
  const end = new AbortController();
  const answer = trainer.start(setup, () => undefined, end.signal);
  const refused = expect(answer).rejects.toMatchObject({ name: "AbortError" });
  end.abort();
  await pass(10_000);
  await refused;
  expect(started).toHaveLength(1);
});

test("the worker that was prepared is the one that starts", async () => {
  const { trainer, log } = scene([["wasm"], "ready"]);
  trainer.prepare(2);
  expect(log).toEqual(["open 2"]);
  await trainer.start({ ...setup, threads: 1 }, () => undefined);
  expect(log).toEqual(["open 2"]);
});

test("what a start measures is remembered and handed to the next one, unless a backend is asked for", async () => {
  const { memory, known } = memoryOf(null, false);
  await sceneWith(memory, [["wasm", "webgpu"], "measured"]).trainer.start({ ...setup, backend: "auto" }, () => undefined);
  expect(known()).toEqual(measured);
  const next = sceneWith(memory, [["wasm"], "ready"]);
  await next.trainer.start({ ...setup, backend: "auto" }, () => undefined);
  const asked = sceneWith(memory, [["wasm"], "ready"]);
  await asked.trainer.start(setup, () => undefined);
  expect([...next.started, ...asked.started].map(({ remembered }) => remembered)).toEqual([measured, undefined]);
});

test("a remembered backend that is stuck is forgotten", async () => {
  const { memory, known } = memoryOf({ ...measured, backend: "webgpu" }, false);
  const { trainer, started, pass } = sceneWith(memory, [["webgpu"], "stuck"], [["wasm"], "ready"]);
  const answer = trainer.start({ ...setup, backend: "auto" }, () => undefined);
  await pass(30_000);
  await answer;
  expect([known(), started.at(-1)?.backend]).toEqual([null, "wasm"]);
});

test("what is due is measured again by another worker once the tab has rested, for the next start", async () => {
  const { memory, known } = memoryOf({ ...measured, measuredAtMs: 1 }, true);
  const { trainer, log, pass, task, measuredLater } = sceneWith(memory, [["wasm"], "ready"]);
  await trainer.start({ ...setup, backend: "auto" }, () => undefined);
  await pass(4_999);
  const work = trainer.compute({} as never, null).catch(() => undefined);
  await pass(60_000);
  expect(log).toEqual(["open 5"]); // it works
  task.reject(new Error("the task was aborted"));
  await work;
  await pass(5_000);
  expect(log).toEqual(["open 5", "open 5", "measure"]);
  measuredLater.resolve(measured);
  await pass(0);
  expect(known()).toEqual(measured);
  expect(log.at(-1)).toBe("close");
  await pass(60_000);
  expect(log).toHaveLength(4);
});

test("a task that begins while the backends are measured ends that, and the next rest begins it again", async () => {
  const { memory, known } = memoryOf({ ...measured, measuredAtMs: 1 }, true);
  const { trainer, log, pass, task, measuredLater } = sceneWith(memory, [["wasm"], "ready"]);
  await trainer.start({ ...setup, backend: "auto" }, () => undefined);
  await pass(5_000);
  const work = trainer.compute({} as never, null).catch(() => undefined);
  expect(log).toEqual(["open 5", "open 5", "measure", "close"]);
  task.reject(new Error("the task was aborted"));
  await work;
  await pass(5_000);
  expect(log.slice(4)).toEqual(["open 5", "measure"]);
  trainer.close();
  expect(log.slice(6)).toEqual(["close", "close"]);
  measuredLater.resolve(measured);
  await pass(0);
  expect(known()?.measuredAtMs).toBe(1);
});

test("where there is little memory the worker is told to read shards one at a time", async () => {
  const { memory } = memoryOf(null, false);
  const { started, trainer } = sceneWith(memory, [["wasm"], "ready"]);
  await trainer.start(setup, () => undefined);
  expect(started[0]?.readsOneAtATime).toBeUndefined();
  const sparing = sceneWith(memory, [["wasm"], "ready"], true);
  await sparing.trainer.start(setup, () => undefined);
  expect(sparing.started[0]?.readsOneAtATime).toBe(true);
});
