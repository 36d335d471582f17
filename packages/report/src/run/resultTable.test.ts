import { exampleReport } from "@tutti/record/testing";
import { alignColumns } from "@tutti/terminal";
import { expect, test } from "vitest";
import { renderTable, zeroShotNote } from "./resultTable.ts";

test("columns line up, the first to the left, the others to the right", () => {
  expect(
    alignColumns([
      ["ab", "1"],
      ["c", "234"],
    ]),
  ).toEqual(["ab    1", "c   234"]);
});

test("the table says every score beside its controls, and what the zero-shot row is", () => {
  const table = renderTable(exampleReport);
  expect(table).toMatch(/test split +accuracy +macro F1 +of texts +coverage/);
  expect(table).toMatch(/personalised +0\.702 +0\.690 +288 +95 %/);
  expect(table).toMatch(/majority class +0\.250 +0\.100 +1,288 +–/);
  expect(table).toContain(zeroShotNote);
});

test("the table says layers, Ritz values, bytes by phase, break-even round and time", () => {
  const table = renderTable(exampleReport);
  expect(table).toMatch(/layer 5 +not scored +stays/);
  expect(table).toMatch(/layer 4 +96\.5 +travels/);
  expect(table).toContain("r = 0.4953: 3 of 6 layers travel");
  expect(table).toContain("device 1: -0.0014 0.002 0.0057");
  expect(table).toMatch(/training +360\.0 kB +480\.0 kB/);
  // 5.4 MB + 300 kB + 124 kB
  expect(table).toMatch(/backbone, data set, pages +1\.0 MB +5\.8 MB/);
  // 2.5 MB at 100 kB saved a round
  expect(table).toContain("not within 3 rounds; at this rate round 25");
  expect(table).toContain("3 min 21 s");
});
