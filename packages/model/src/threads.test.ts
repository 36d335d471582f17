import { expect, test } from "vitest";
import { availableThreads, fewThreads, type ThreadFacts, threadFacts, threadsNote } from "./threads.ts";

const noteOf = (wanted: number, facts: ThreadFacts) => {
  const few = fewThreads(wanted, facts);
  return few === null ? null : threadsNote(few);
};

const open: ThreadFacts = { numCores: 6, isBrowser: true, isSecureContext: true, isIsolated: true, hasSharedMemory: true };

test("an isolated page with shared memory uses all cores, or as many threads as were asked for", () => {
  expect([0, 1, 4, 6, 9].map((wanted) => availableThreads(wanted, open))).toEqual([6, 1, 4, 6, 6]);
});

test("one thread is explained by what is really missing, and is not explained where it was asked for", () => {
  const cases: readonly (readonly [Partial<ThreadFacts>, RegExp])[] = [
    [{ isSecureContext: false, isIsolated: false, hasSharedMemory: false }, /^one thread, .*https or localhost$/],
    [{ isIsolated: false, hasSharedMemory: false }, /^one thread, .*Cross-Origin-Opener-Policy, Cross-Origin-Embedder-Policy/],
    [{ hasSharedMemory: false }, /^one thread, because this browser shares no memory/],
    [{ numCores: 1 }, /^one thread, .*one core$/],
  ];
  for (const [missing, sentence] of cases) {
    const facts = { ...open, ...missing };
    expect(availableThreads(0, facts)).toBe(1);
    expect(noteOf(0, facts)).toMatch(sentence);
    expect(noteOf(4, facts)).toMatch(sentence);
    expect(fewThreads(1, facts)).toBeNull();
  }
  expect(fewThreads(0, open)).toBeNull();
  expect(fewThreads(6, open)).toBeNull();
  expect(noteOf(9, open)).toBe("6 threads, because this browser says that the computer has 6 cores");
});

test("a Node process computes on one thread, which needs no explanation", () => {
  expect(threadFacts().isBrowser).toBe(false);
  expect(availableThreads(0)).toBe(1);
  expect(fewThreads(0)).toBeNull();
});
