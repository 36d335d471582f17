import type { RoundPlan } from "@tutti/core";
import { decodeParams } from "@tutti/protocol";
import { expect, test } from "vitest";
import { createBlobStore } from "./http/blobs.ts";
import { openJournal } from "./journal/journal.ts";
import { memoryStore } from "./journal/keyValueStore.ts";
import { createPublications } from "./publications.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const third = Math.fround(1 / 3); // f16 rounds it
const plan: RoundPlan = {
  stage: "train",
  round: 3,
  step: 1,
  attempt: 2,
  deadlineMs: null,
  quorum: 0.7,
  numDevices: 5,
  tasks: [],
  payloads: [{ "prefix/0": { shape: [1, 3], data: Float32Array.of(0.25, -7, third) } }, {}],
};

function setting() {
  const blobs = createBlobStore();
  const content = new Map<string, Uint8Array>();
  const open = () => openJournal(memoryStore(content));
  return { blobs, open, publicationsOf: (journal: ReturnType<typeof open>) => createPublications({ run: tinyFedAvg(), journal, blobs }) };
}

test("a plan that is not journalled has no payloads that the pool could hand out", () => {
  const { open, publicationsOf } = setting();
  const publications = publicationsOf(open());
  expect(() => publications.of(plan)).toThrow("train round 3, step 1: its plan is not journalled, so no task of it may leave");
});

test("a published plan's payloads are served, and an earlier process's plan comes back with the same bits", async () => {
  const { blobs, open, publicationsOf } = setting();
  const journal = open();
  journal.begin({});
  const publications = publicationsOf(journal);
  publications.publish(plan, undefined);
  const [first, second] = publications.of(plan).payloads;
  expect(decodeParams(blobs.get(first?.sha256 ?? "") ?? new Uint8Array(0))).toEqual(plan.payloads[0]);
  expect(decodeParams(blobs.get(second?.sha256 ?? "") ?? new Uint8Array(0))).toEqual({});
  await journal.flushed();

  const contents = open().contents();
  const journalled = contents?.plan ?? null;
  if (contents === null || journalled === null) throw new Error("the journal holds no plan");
  const later = publicationsOf(open());
  const restored = later.restore(contents, journalled);
  expect(restored).toEqual(plan);
  expect(later.of(restored)).toEqual({ payloads: [first, second], accepted: [] });
  const damaged = { ...contents, blobs: new Map([[first?.sha256 ?? "", Uint8Array.of(1)]]) };
  expect(() => later.restore(damaged, journalled)).toThrow("is missing or damaged");
});
