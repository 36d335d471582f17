import { expect, test } from "vitest";
import { createEvaluationDownloads } from "./evaluationDownloads.ts";

const nothing = { up: 0, down: 0 };

/** Two clients have fetched blob `w` for an evaluation; the first answer came in two parts. */
function evaluated() {
  const downloads = createEvaluationDownloads();
  for (const client of ["a", "b"]) expect(downloads.handedOut("w", client, true)).toEqual(nothing);
  downloads.carried("w", { up: 40, down: 300 });
  downloads.carried("w", { up: 0, down: 701 });
  downloads.answered("w");
  downloads.carried("w", { up: 42, down: 1003 });
  downloads.answered("w");
  return downloads;
}

test("a client's first task of training takes over one download of an evaluation, and only one", () => {
  const downloads = evaluated();
  expect(downloads.handedOut("w", "b", false)).toEqual({ up: 41, down: 1002 });
  expect(downloads.handedOut("w", "b", false)).toEqual(nothing);
  expect(downloads.handedOut("w", "b", true)).toEqual(nothing);
  expect(downloads.handedOut("w", "b", false)).toEqual(nothing);
  expect(downloads.handedOut("w", "a", false)).toEqual({ up: 41, down: 1002 });
});

test("a client that had no task of the evaluation, or trained before it, takes nothing over", () => {
  const downloads = createEvaluationDownloads();
  downloads.handedOut("w", "a", false);
  downloads.handedOut("w", "a", true);
  downloads.handedOut("w", "b", true);
  downloads.carried("w", { up: 40, down: 1000 });
  downloads.answered("w");
  expect(downloads.handedOut("w", "a", false)).toEqual(nothing);
  expect(downloads.handedOut("w", "c", false)).toEqual(nothing);
  expect(downloads.handedOut("w", "b", false)).toEqual({ up: 40, down: 1000 });
});

test("an answer that left after the evaluation is training's already", () => {
  const downloads = createEvaluationDownloads();
  downloads.handedOut("w", "a", true);
  expect(downloads.handedOut("w", "a", false)).toEqual(nothing);
});

test("what is known goes through JSON, and other blobs than the open step's are forgotten", () => {
  const downloads = evaluated();
  downloads.handedOut("v", "a", true);
  downloads.keepOnly(["w"]);
  const again = createEvaluationDownloads(JSON.parse(JSON.stringify(downloads.blobs())));
  expect(Object.keys(again.blobs())).toEqual(["w"]);
  expect(again.handedOut("w", "a", false)).toEqual({ up: 41, down: 1002 });
});
