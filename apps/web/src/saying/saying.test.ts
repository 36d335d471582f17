import type { Saying } from "@tutti/core";
import type { BackendWhy } from "@tutti/model";
import { orderRefusalSchema, type RefusalKind, statusSchema } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import { emptyStatus } from "../testing/events.ts";
import { german } from "../words/de.ts";
import * as english from "../words/en.ts";
import { finnish } from "../words/fi.ts";
import { french } from "../words/fr.ts";
import { useWords } from "../words/words.ts";
import { backendText } from "./backendText.ts";
import { faultText, orderRefusalText, problemText, refusalText } from "./problems.ts";
import { runSays, sayingText } from "./runSayings.ts";
import { Spoken, textOfError } from "./spoken.ts";

afterEach(() => useWords(english));

const missed = { count: 2, numAsked: 4, needed: 3, numLeft: 1, numLate: 0, numDeclined: 1 };
const memory = { of: "memory", needed: 1_714_994, available: 1_100_000 } as const;
const sayings: readonly Saying[] = [
  { kind: "registering", count: 2, needed: 5 },
  { kind: "gathering", count: 2, needed: 5 },
  { kind: "tooFew", count: 2, needed: 5 },
  { kind: "nobodyConnected" },
  { kind: "operatorPaused" },
  { kind: "firstPerson" },
  { kind: "computeMissing" },
  { kind: "computePaused" },
  { kind: "computeArriving" },
  { kind: "reportWaits" },
  { kind: "storageFull" },
  { kind: "away", deviceIds: [3, 7] },
  { kind: "tabsPaused", count: 2 },
  { kind: "allPaused", count: 3 },
  { kind: "noneWorks", numPaused: 1, numDeclined: 2, numArriving: 3 },
  { kind: "repeated", ...missed },
  { kind: "unanswered", ...missed },
  ...(["lost", "declined", "untrusted", "withdrawn"] as const).map((why) => ({ kind: "reset", deviceId: 7, why }) as const),
  ...(["memory", "roundTime", "downloadTime"] as const).map((of) => ({ kind: "leftOut", deviceId: 7, lack: { ...memory, of } }) as const),
];

/** The same in each language, from the page's sentences. */
function inEveryLanguage(text: () => string): Readonly<Record<string, string>> {
  const texts = Object.entries({ en: english, de: german, fr: french, fi: finnish }).map(([language, words]) => {
    useWords(words);
    return [language, text()] as const;
  });
  useWords(english);
  return Object.fromEntries(texts);
}

test("whatever a run says arrives as a kind with figures and is worded in every language, with the same figures", () => {
  for (const saying of sayings) {
    expect(statusSchema.safeParse({ ...emptyStatus, message: "x", said: [saying] }).success, saying.kind).toBe(true);
    const texts = inEveryLanguage(() => sayingText(saying));
    expect(new Set(Object.values(texts)).size, saying.kind).toBe(4);
    const figures = Object.values(texts).map((text) => text.match(/\d+/g)?.sort().join(" "));
    expect(new Set(figures).size, `${saying.kind}: ${JSON.stringify(texts)}`).toBe(1);
    for (const text of Object.values(texts)) expect(text).toMatch(/[.)]$/);
  }
});

test("a status of an older coordinator, which has no kinds, is still read and marked as English", () => {
  const old = statusSchema.parse({
    ...emptyStatus,
    message: "no device is connected",
    resets: { count: 1, last: "device 3 starts again" },
  });
  expect(runSays(old)).toEqual({ text: "No device is connected.", lang: "en" });
  expect(runSays({ message: null })).toBeNull();
  useWords(german);
  const said = [{ kind: "tooFew", count: 3, needed: 4 } as const, { kind: "tabsPaused", count: 1 } as const];
  expect(runSays({ message: "3 devices can take part", said })).toEqual({
    text: "3\u00a0Geräte können mitmachen; gebraucht werden mindestens 4. Angehalten: 1\u00a0Tab.",
    lang: undefined,
  });
});

test("who is turned away reads why in every language", () => {
  const kinds: readonly RefusalKind[] = [
    ...(["ownNeedsOpenRun", "typedOnly", "backwardNeeded", "holdsShare", "sentAway", "banned", "wordMissing", "wordWrong"] as const).map(
      (kind) => ({
        kind,
      }),
    ),
    ...(["invitationMissing", "invitationForeign", "invitationUsed", "behindProxy"] as const).map((kind) => ({ kind })),
    ...(["runFull", "devicesFull", "addressFull", "tokenFull"] as const).map((kind) => ({ kind, most: 12 })),
    { kind: "invitationEnded", at: 1_790_000_000 },
    { kind: "noPlan", lack: memory },
  ];
  for (const kind of kinds) expect(new Set(Object.values(inEveryLanguage(() => refusalText(kind)))).size, kind.kind).toBe(4);
  const refused = { kind: "notAdmitted", rule: "P-112", message: "at most 3 clients" } as const;
  expect(faultText({ ...refused, why: { kind: "addressFull", most: 3 } }, "x").text).toContain("at most 3 tabs from one address");
  expect(faultText(refused, "x")).toMatchObject({ lang: undefined, detail: "At most 3 clients." });
  expect(faultText({ ...refused, rule: "P-250", why: { kind: "backwardNeeded" } }, "x").text).toContain("too little memory");
  expect(faultText(undefined, "in English")).toEqual({ text: "in English", lang: "en" });
});

test("what a program says of a fault comes behind a sentence of the page's, and what the page says itself has none", () => {
  expect(problemText({ kind: "taskFailed", detail: "the loss of step 3 is NaN" }, "x")).toEqual({
    text: "This tab could not do a task. Others do it.",
    lang: undefined,
    detail: "the loss of step 3 is NaN",
  });
  expect(problemText({ kind: "notDeleted", rule: null }, "x").detail).toBeUndefined();
  expect(textOfError(new Spoken("Zu groß."))).toEqual({ text: "Zu groß.", lang: undefined });
  expect(textOfError(new TypeError("x is undefined"))).toMatchObject({ detail: "x is undefined" });
});

test("an order that is refused says why in every language, whatever the kind", () => {
  const figures = { size: 3, fraction: 0.3, numIn: 1, numTasks: 4, needed: 2 };
  const kinds = orderRefusalSchema.options.flatMap(({ shape }) => {
    const names = "options" in shape.kind ? shape.kind.options : [shape.kind.value];
    const needed = Object.fromEntries(Object.entries(figures).filter(([name]) => name in shape));
    return names.map((kind) => orderRefusalSchema.parse({ kind, ...needed }));
  });
  expect(kinds.length).toBeGreaterThan(15);
  for (const kind of kinds) expect(new Set(Object.values(inEveryLanguage(() => orderRefusalText(kind)))).size, kind.kind).toBe(4);
});

const gpu = { backend: "webgpu", threads: 1, adapter: "intel gen-12" } as const;
const wasm = { backend: "wasm", threads: 4, adapter: null } as const;
const measured: BackendWhy = {
  ...gpu,
  askedBy: null,
  measured: [
    { ...gpu, ms: 3.4 },
    { ...wasm, ms: 21 },
  ],
  rememberedAtMs: null,
  notes: [
    { kind: "kernels", variant: "shared" },
    { kind: "fewCores", threads: 4 },
  ],
};

test("why a tab computes on what it does is worded in the page's language, with what was measured; an older memory stays English", () => {
  expect(backendText({ reason: "x", why: measured }).text).toBe(
    "WebGPU on intel gen-12 takes 3 ms for a test step. WASM with 4 threads takes 21 ms. Kernels with workgroup memory. Only 4 threads, as many as this browser says that the computer has cores.",
  );
  const lacks = (["notOffered", "insecure", "noGpu"] as const).map(
    (lack): BackendWhy => ({ ...measured, notes: [{ kind: "noGpu", lack, detail: "x" }] }),
  );
  const told = lacks.map((why) => backendText({ reason: "x", why }).text.replace(/^.*21 ms\. /, ""));
  expect(told).toEqual([
    "WebGPU does not start: this browser offers no WebGPU.",
    "WebGPU does not start: browsers offer it only to pages from https or localhost.",
    "WebGPU does not start: the browser lends no GPU. It may block this GPU’s driver.",
  ]);
  useWords(german);
  const asked: BackendWhy = { ...wasm, askedBy: "address", measured: [], rememberedAtMs: null, notes: [{ kind: "insecure", threads: 1 }] };
  expect(backendText({ reason: "x", why: asked })).toEqual({
    text: "WASM mit 4\u00a0Threads, weil die Adresse dieser Seite es verlangt. Ein Thread, weil Browser Speicher nur auf Seiten von https oder localhost zwischen Threads teilen.",
    lang: undefined,
  });
  expect(backendText({ reason: "WASM takes 9 ms" })).toEqual({ text: "WASM takes 9 ms.", lang: "en" });
});
