import type { Tryout } from "@tutti/model";
import type { Port } from "@tutti/model/bridge";
import { expect, test } from "vitest";
import { createAsker } from "./asker.ts";
import type { TryReply, TryRequest } from "./bridge.ts";
import { serveTryout } from "./serveTryout.ts";

/** Two ends that hand over structured clones, as a worker does. */
function bridged(tryout: Partial<Tryout>) {
  const toPage: ((event: { data: TryReply }) => void)[] = [];
  const toWorker: ((event: { data: TryRequest }) => void)[] = [];
  const hand = <T>(to: ((event: { data: T }) => void)[], data: T): void => {
    const copy = structuredClone(data);
    queueMicrotask(() => {
      for (const listener of to) listener({ data: copy });
    });
  };
  const page: Port<TryReply, TryRequest> = {
    postMessage: (message) => hand(toWorker, message),
    addEventListener: (_, listener) => toPage.push(listener),
  };
  const worker: Port<TryRequest, TryReply> = {
    postMessage: (message) => hand(toPage, message),
    addEventListener: (_, listener) => toWorker.push(listener),
  };
  serveTryout(worker, { open: async () => tryout as Tryout, onThreads: () => undefined, fetched: () => ["https://example.org/a.js"] });
  return createAsker(page);
}

const setup = {} as Parameters<ReturnType<typeof createAsker>["ask"]>[1] as never;

test("each answerer is asked, in order, and what a handler throws comes back with its name", async () => {
  const asker = bridged({ probabilities: async (texts, of) => texts.map(() => [of === "before" ? 0.25 : 0.75]) });
  await expect(asker.ask("ask", { texts: [{ text: "a" }], of: ["tuned"] })).rejects.toThrow("the model is not loaded yet");
  await asker.ask("open", setup);
  expect(await asker.ask("ask", { texts: [{ text: "a" }, { text: "b" }], of: ["before", "tuned"] })).toEqual({
    before: [[0.25], [0.25]],
    tuned: [[0.75], [0.75]],
  });
  await expect(asker.ask("takeTuned", new Uint8Array(1))).rejects.toThrow("takeTuned is not a function");
  expect(await asker.ask("fetched", null)).toEqual(["https://example.org/a.js"]);
});

test("progress comes before the answer, and an abort on the page stops the work", async () => {
  const asker = bridged({
    async wordEffects(_, { onProgress, signal }) {
      onProgress?.(1, 4);
      await new Promise<void>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      return [];
    },
  });
  await asker.ask("open", setup);
  const stop = new AbortController();
  const seen: number[] = [];
  const asked = { text: { text: "a" }, of: "tuned", classIndex: 0, maxWords: 9 } as const;
  const weighed = asker.ask("words", asked, {
    onProgress({ numDone }) {
      seen.push(numDone);
      stop.abort();
    },
    signal: stop.signal,
  });
  await expect(weighed).rejects.toMatchObject({ name: "AbortError" });
  expect(seen).toEqual([1]);
});

test("a worker that dies rejects what is open and what comes later", async () => {
  const asker = bridged({ draw: () => new Promise(() => undefined) });
  await asker.ask("open", setup);
  const open = asker.ask("draw", { text: "a", request: { of: "tuned", maxNewTokens: 1, temperature: 0, seed: 1 } });
  asker.fail(new Error("the worker that answers stopped"));
  await expect(open).rejects.toThrow("the worker that answers stopped");
  await expect(asker.ask("fetched", null)).rejects.toThrow("the worker that answers stopped");
});
