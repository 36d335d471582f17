import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { createLogger } from "./logger.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

/** A logger whose lines a test reads. */
function listen() {
  const lines: { readonly [name: string]: unknown }[] = [];
  const logger = createLogger({ logLevel: "trace" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { logger, lines };
}

const fault = () => {
  const cause = Object.assign(new RangeError("no space left"), { code: "ENOSPC" });
  return Object.assign(new Error("the journal cannot be written", { cause }), { path: "/runs/1" });
};
const written = {
  type: "Error",
  message: "the journal cannot be written",
  stack: expect.stringContaining("logger.test.ts"),
  path: "/runs/1",
  cause: { type: "RangeError", message: "no space left", code: "ENOSPC", stack: expect.stringContaining("RangeError: no space left") },
};

test("an error is logged with message, stack, cause and its own fields, under whatever name and at whatever depth", () => {
  const { logger, lines } = listen();
  for (const name of ["error", "err", "reason", "cause", "fault"]) logger.error({ [name]: fault(), call: "submit" }, "a handler failed");
  for (const [i, name] of ["error", "err", "reason", "cause", "fault"].entries()) {
    expect(lines[i]).toMatchObject({ [name]: written, call: "submit", msg: "a handler failed" });
  }
  logger.error(fault());
  expect(lines.at(-1)).toMatchObject({ err: written });
  logger.error({ outcome: { attempts: [{ error: fault() }] } });
  expect(lines.at(-1)).toMatchObject({ outcome: { attempts: [{ error: written }] } });
  logger.child({ call: "leave" }).error({ error: new AggregateError([fault(), "a word"], "two at once") });
  expect(lines.at(-1)).toMatchObject({
    call: "leave",
    error: { type: "AggregateError", message: "two at once", errors: [written, "a word"] },
  });
});

test("errors that refer to themselves, and what is thrown and is no error, are logged too", () => {
  const { logger, lines } = listen();
  const circle = new Error("round and round");
  circle.cause = circle;
  logger.error({ error: circle }, "a handler failed");
  expect(lines.at(-1)).toMatchObject({ error: { message: "round and round", cause: { message: "round and round" } } });
  for (const thrown of ["a word", 7, null, undefined, { code: 5 }]) logger.error({ error: thrown }, "thrown");
  expect(lines.slice(1).map(({ error }) => error)).toEqual(["a word", 7, null, undefined, { code: 5 }]);
});

test("an error is found in objects of classes, in maps and sets, and behind a long chain of causes", () => {
  const { logger, lines } = listen();
  class Attempt {
    readonly error = fault();
  }
  logger.error({ attempt: new Attempt(), byName: new Map([["first", fault()]]), all: new Set([fault()]) }, "three ways");
  expect(lines.at(-1)).toMatchObject({ attempt: { error: written }, byName: [["first", written]], all: [written] });
  let chain = fault();
  for (let i = 0; i < 20; i++) chain = Object.assign(new Error(`because ${i}`, { cause: chain }), { path: "" });
  logger.error({ error: chain }, "a long story");
  const causes = [];
  for (let one = lines.at(-1)?.error; one !== undefined; one = (one as { cause?: unknown }).cause) causes.push((one as Error).message);
  expect(causes.length).toBe(22);
  expect(causes.slice(-2)).toEqual(["the journal cannot be written", "no space left"]);
});

test("an error with a field that cannot be read, or that refers to very much, ends no call to the log", () => {
  const { logger, lines } = listen();
  const trap = () => {
    throw new Error("a trap");
  };
  const closed = Object.defineProperty(fault(), "session", { enumerable: true, get: trap });
  logger.error({ error: closed }, "a field");
  expect(lines.at(-1)).toMatchObject({ error: { ...written, session: "(cannot be read)" } });
  logger.error({ error: new Proxy(new Error("behind a proxy"), { ownKeys: trap, getPrototypeOf: trap }), call: "submit" }, "a proxy");
  expect(lines.at(-1)).toMatchObject({ call: "submit", msg: "a proxy" });
  const all: { others?: unknown; error: Error }[] = Array.from({ length: 30 }, () => ({ error: new Error("one of many") }));
  for (const one of all) one.others = all.map((other) => ({ other }));
  logger.error({ all }, "very much");
  expect(lines.at(-1)).toMatchObject({ msg: "very much" });
  expect(JSON.stringify(lines.at(-1)).length).toBeLessThan(5e6);
});

test("when a handler fails, the coordinator's log says why", async () => {
  const { logger, lines } = listen();
  const store = memoryStore();
  let isFull = false;
  const full = { ...store, flushed: () => (isFull ? Promise.reject(fault()) : store.flushed()) };
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 }, { store: full, logger });
  coordinator.whenDone().catch(() => undefined);
  const a = scene.join(coordinator, "a", {
    onTask() {
      isFull = true;
      return true;
    },
  });
  await a.when("submitted", ({ outcome }) => !outcome.ok);
  const failed = lines.find(({ msg }) => msg === "a handler failed");
  expect(failed).toMatchObject({ call: "submit", error: written });
  expect(lines.find(({ msg }) => msg === "the run failed")).toMatchObject({ error: written });
  isFull = false;
});
