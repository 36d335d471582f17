import { experimentOfRun, type RunOrigin, runRecordSchema } from "@tutti/record";
import { exampleRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { renderPage } from "./page.tsx";
import { caveats } from "./provenance.ts";
import { originText } from "./sentences/runs.ts";

const branch: RunOrigin = {
  kind: "branch",
  runId: "topic-seed42-c2e1",
  round: 12,
  changes: [
    { path: "training.clientLearningRate", before: "0.03", after: "0.01" },
    { path: "numRounds", before: "20", after: "40" },
  ],
  sha256: "0123456789abcdef".repeat(4),
};
const adapter: RunOrigin = {
  kind: "params",
  path: "../adapters/mine",
  source: "peftAdapter",
  runId: null,
  baseModel: "FacebookAI/roberta-base",
  sha256: "f".repeat(64),
};

test("a branch says of which run it is one, after which round, with which other settings, and what its devices lack", () => {
  expect(originText(branch)).toBe(
    "This run is a branch of run topic-seed42-c2e1: it goes on after training round 12, with training.clientLearningRate 0.01 in place of 0.03 and numRounds 40 in place of 20 (SHA-256 0123456789ab…). Its devices start from the parameters that a newcomer got then. Steps, bytes and seconds are those of the branch alone.",
  );
  expect(originText({ ...branch, changes: [] })).toContain("after training round 12, with the same settings (");
});

test("a run that started from tuned parameters says from which", () => {
  expect(originText(adapter)).toBe(
    "This run started from the adapter, tuned on FacebookAI/roberta-base, in place of values drawn from the seed (read from ../adapters/mine, SHA-256 ffffffffffff…).",
  );
  expect(originText({ ...adapter, source: "promptsFile", runId: "r1", baseModel: null })).toContain(
    "started from the prompts of run r1, in",
  );
});

test("the page of a run says where it started, once, and the findings of an experiment do", () => {
  const run = { ...exampleRun, origin: branch };
  const html = renderPage(experimentOfRun(run, { startedAt: "2026-01-02T03:04:05.000Z" }));
  expect(html.split("This run is a branch of run topic-seed42-c2e1: it goes on after")).toHaveLength(2);
  expect(caveats({ runs: [run, run] })[0]).toBe(originText(branch, "Every run"));
  expect(caveats({ runs: [exampleRun] }).join()).not.toContain("branch");
  expect(runRecordSchema.parse(JSON.parse(JSON.stringify(run))).origin).toEqual(branch);
});
