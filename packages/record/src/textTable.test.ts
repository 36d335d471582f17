import { expect, test } from "vitest";
import { gridOf } from "./grid.ts";
import type { RunPoint, RunRecord } from "./runRecord.ts";
import { simulatedRun } from "./testing/simulatedExperiment.ts";
import { measureTexts } from "./textRecord.ts";
import { textTables } from "./textTable.ts";

const measured = (lossSum: number, rougeLSum: number | null) =>
  measureTexts(
    {
      numExamples: 6,
      numTokens: 40,
      numBytes: 160,
      numRightTokens: 12,
      generated: rougeLSum === null ? null : { numExamples: 4, numExact: 1, rougeLSum },
    },
    lossSum,
  );

function run(method: "lora" | "adapter", seed: number, { lossSum, rougeLSum }: { lossSum: number; rougeLSum: number | null }): RunRecord {
  const scores = (loss: number, rougeL: number | null) => {
    const text = measured(loss, rougeL);
    return { score: text.rougeL ?? 0, loss: text.lossPerToken ?? 0, text };
  };
  const untuned: RunPoint = {
    ...scores(100, 0.4),
    protocol: "zeroShot",
    split: "test",
    round: 1,
    seconds: 1,
    bytesUp: 1,
    bytesDown: 1,
    coverage: 1,
  };
  const one = simulatedRun({ method, task: "replies", seed });
  return { ...one, metric: "rougeL", curve: [untuned], final: { global: scores(lossSum, rougeLSum) } };
}

test("every score of texts is a mean over seeds, beside the backbone alone", () => {
  const runs = [
    run("lora", 1, { lossSum: 60, rougeLSum: 1.2 }),
    run("lora", 2, { lossSum: 80, rougeLSum: 1.6 }),
    run("adapter", 1, { lossSum: 40, rougeLSum: null }),
  ];
  const [table, ...more] = textTables(gridOf(runs));
  expect(more).toEqual([]);
  expect([table?.protocol, table?.column.task, table?.texts]).toEqual(["global", "replies", { least: 6, most: 6 }]);
  const [lora, adapter] = table?.rows ?? [];
  expect(lora?.row.method).toBe("lora");
  expect(lora?.cells.lossPerToken).toMatchObject({ mean: 1.75, count: 2 });
  expect(lora?.cells.perplexityPerToken?.mean).toBeCloseTo((Math.exp(1.5) + Math.exp(2)) / 2, 12);
  expect(lora?.cells.lossPerByte?.mean).toBeCloseTo(0.4375, 12);
  expect(lora?.cells.rougeL?.mean).toBeCloseTo(0.35, 12);
  expect(lora?.cells.exactMatch?.mean).toBe(0.25);
  expect(lora?.cells.tokenAccuracy?.mean).toBeCloseTo(0.3, 12);
  expect(adapter?.cells).toMatchObject({ rougeL: null, exactMatch: null, lossPerToken: { mean: 1 } });
  expect(table?.untuned).toMatchObject({ lossPerToken: { mean: 2.5 }, rougeL: { mean: expect.closeTo(0.1, 12) } });
});

test("a task with classes has no such table", () => {
  expect(textTables(gridOf([simulatedRun({ method: "lora", task: "subj", seed: 1 })]))).toEqual([]);
});
