import { presets, strategies, tunings } from "@tutti/core";
import { expect, test } from "vitest";
import { limits } from "./limits.ts";
import { calls } from "./messages.ts";
import { runSettingsSchema } from "./runSettings.ts";
import { headerOf, taskSpecSchema } from "./tasks.ts";

const spec = { kind: "edit", numTrials: 24, numCandidates: 16, maxExamples: 64, maxPublic: 32, mostTokens: 16 };
const header = { kind: "edit", tokens: [965, 979], accuracy: 0.5 };
const isSubmitted = (sent: object, more: object = {}) =>
  calls.submit.request.safeParse({ taskId: "0".repeat(32), deviceId: 3, header: sent, ...more }).success;

test("an edit task says everything that a device edits by, within bounds (P-245)", () => {
  expect(taskSpecSchema.safeParse(spec).success).toBe(true);
  for (const bad of [
    { numTrials: 0 },
    { numTrials: limits.maxTrials + 1 },
    { numCandidates: 0 },
    { numCandidates: limits.maxCandidates + 1 },
    { maxExamples: 0 },
    { maxPublic: -1 },
    { mostTokens: limits.maxPromptTokens + 1 },
    { mostTokens: 1.5 },
    { more: 1 },
  ])
    expect(taskSpecSchema.safeParse({ ...spec, ...bad }).success, JSON.stringify(bad)).toBe(false);
});

test("an edit task's contribution has tokens and a share, no tensors, and nothing of the backbone's words (P-246 to P-248)", () => {
  expect(isSubmitted(header)).toBe(true);
  expect(isSubmitted({ ...header, tokens: [] })).toBe(true);
  expect(isSubmitted(header, { tensors: Uint8Array.of(1) })).toBe(false);
  for (const bad of [
    { tokens: [-1] },
    { tokens: [0.5] },
    { tokens: [null] },
    { tokens: [2 ** 20] },
    { tokens: new Array(limits.maxPromptTokens + 1).fill(1) },
    { tokens: "965" },
    { accuracy: 1.001 },
    { accuracy: -0.001 },
    { accuracy: null },
    { accuracy: Number.NaN },
    { words: { rows: [], texts: [] } },
  ])
    expect(isSubmitted({ ...header, ...bad }), JSON.stringify(bad)).toBe(false);
  const rows = { shape: [2, 1], data: Float32Array.of(1, 2) };
  expect(headerOf({ kind: "edit", tokens: [965, 979], accuracy: 0.5, words: { rows, texts: [" great", " think"] } })).toEqual(header);
});

test("a run that tunes words takes the strategy that edits them, and no other", () => {
  const tuning = { ...presets.demo.tuning, ...tunings.discretePrompt.defaults, head: "labelWords", positionsAfterPrefix: true };
  const run = (strategy: object) => runSettingsSchema.safeParse({ ...presets.demo, tuning, strategy });
  expect(run(strategies.fedDtpt.defaults).error?.issues ?? []).toEqual([]);
  expect(run(strategies.fedAvg.defaults).error?.issues).toMatchObject([
    {
      path: ["tuning", "method"],
      message: "the words of a discrete prompt have no gradient: set strategy.name to fedDtpt, or another tuning.method",
    },
  ]);
});
