import { signal } from "@preact/signals";
import type { RunInfo } from "@tutti/protocol";
import { afterEach, expect, test, vi } from "vitest";
import type { Asker } from "./asker.ts";
import { lookForNewer, takeTuned } from "./takingTuned.ts";
import type { TryContext } from "./tryContext.ts";
import { emptyTryView, type TryView } from "./tryView.ts";

afterEach(() => vi.unstubAllGlobals());

interface Scene {
  /** What the coordinator answers; null for nothing. */
  readonly status: number | null;
  readonly runId?: string;
  readonly refusal?: string;
}

function scene({ status, runId = "mine", refusal }: Scene) {
  const requests: { readonly url: string; readonly headers: unknown; readonly method: string }[] = [];
  vi.stubGlobal("document", { visibilityState: "visible" });
  vi.stubGlobal("fetch", async (url: string, { headers, method = "GET" }: RequestInit = {}) => {
    requests.push({ url, headers, method });
    if (status === null) throw new TypeError("no network");
    const body = status === 200 && method === "GET" ? new Uint8Array([1, 2]) : null;
    return new Response(body, { status, headers: { etag: '"new"', "x-tutti-round": "7" } });
  });
  const facts = { runId, round: 7, parametersSha256: "ab", numShared: 1, numParameters: 2 };
  const ask = async (name: string) => {
    if (refusal !== undefined) throw new Error(refusal);
    return name === "takeTuned" ? facts : null;
  };
  const view = signal<TryView>({ ...emptyTryView, run: { runId: "mine" } as RunInfo, loading: { kind: "ready" } as TryView["loading"] });
  const show = (change: Partial<TryView>) => {
    view.value = { ...view.value, ...change };
  };
  const folder = "https://example.org/class/";
  const asker = { ask } as unknown as Asker;
  const context: TryContext = { view, show, folder, token: "blue", asker, etag: "", layers: [], ownTable: null };
  return { context, requests, view };
}

test.each([
  ["is there", { status: 200 }, "here", null],
  ["is not tuned yet", { status: 204 }, "none", null],
  ["is locked", { status: 401 }, "locked", null],
  [
    "was asked with too many wrong words",
    { status: 429 },
    "locked",
    { text: "Too many wrong code words came from here. Wait a minute, then try again." },
  ],
  ["cannot be reached", { status: null }, "silent", null],
  ["fails", { status: 500 }, "silent", null],
  ["does not fit", { status: 200, refusal: "prefix/0 is missing" }, "unusable", { detail: "prefix/0 is missing" }],
  ["belongs to a run that follows", { status: 200, runId: "next" }, "otherRun", null],
] as const)("a tuned model that %s is said", async (_, given, kind, problem) => {
  const { context, view } = scene(given);
  expect(await takeTuned(context)).toBe(kind === "here");
  expect(view.value.tuned).toMatchObject({ kind, problem, newerRound: null });
  expect(view.value.tuned.facts === null).toBe(kind !== "here");
});

test("the token goes into a header, never into the address", async () => {
  const { context, requests } = scene({ status: 200 });
  await takeTuned(context);
  context.etag = '"old"';
  await lookForNewer(context);
  expect(requests).toEqual([
    { url: "https://example.org/class/tuned.safetensors", headers: { authorization: "Bearer blue" }, method: "GET" },
    { url: "https://example.org/class/tuned.safetensors", headers: { authorization: "Bearer blue" }, method: "HEAD" },
  ]);
});

test("the first parameters are taken, newer ones are offered, and the same ones are not", async () => {
  const { context, view } = scene({ status: 200 });
  expect(await lookForNewer(context)).toBe(true);
  expect(view.value.tuned).toMatchObject({ kind: "here", newerRound: null });
  expect(await lookForNewer(context)).toBe(false);
  expect(view.value.tuned.newerRound).toBeNull();
  context.etag = '"old"';
  expect(await lookForNewer(context)).toBe(false);
  expect(view.value.tuned.newerRound).toBe(7);
});
