import { expect, test } from "vitest";
import { parseExperiment } from "./experimentFile.ts";
import { allRuns, planExperiment } from "./runPlan.ts";

const planned = (change: object) =>
  allRuns(
    planExperiment(
      parseExperiment(
        { title: "A", question: "B?", tasks: ["feedback/topic"], seeds: [7], methods: ["lora"], rates: { values: [0.01] }, ...change },
        "a",
      ),
    ),
  );

test("an axis varies LoRA's matrices, ranks, dropout and scale, and each combination is another run", () => {
  const grid = {
    matrices: {
      values: [
        { label: "q and v", set: { "tuning.targets": ["q", "v"] } },
        { label: "attention", set: { "tuning.targets": ["q", "k", "v", "o"], "tuning.ranks": { o: 4 } } },
      ],
    },
    scale: { path: "tuning.alphaOver", values: ["rank", "rootRank"] },
    dropout: { path: "tuning.dropout", values: [0, 0.1] },
  };
  const runs = planned({ grid });
  expect(new Set(runs.map(({ id }) => id)).size).toBe(8);
  expect(runs.map(({ settings: { tuning } }) => tuning)).toContainEqual(
    expect.objectContaining({
      method: "lora",
      rank: 8,
      targets: ["q", "k", "v", "o"],
      ranks: { o: 4 },
      alphaOver: "rootRank",
      dropout: 0.1,
    }),
  );
  const ranks = planned({ grid: { rank: { path: "tuning.ranks.v", values: [2, 16] } } });
  expect(ranks.map(({ settings: { tuning } }) => tuning)).toEqual([2, 16].map((v) => expect.objectContaining({ rank: 8, ranks: { v } })));
});

test("an axis that names an unknown matrix, or the rank of a matrix that is not a target, is refused by name", () => {
  const grid = (path: string, value: unknown) => () => planned({ grid: { lora: { values: [{ label: "x", set: { [path]: value } }] } } });
  expect(grid("tuning.targets", ["q", "keys"])).toThrow(/tuning\.targets.*found "?keys"?, expected one of q, k, v, o, up, gate, down/);
  expect(grid("tuning.ranks", { up: 4 })).toThrow("up is not among targets: add it there, or leave this out");
});
