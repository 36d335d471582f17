import type { RunRecord } from "@tutti/record";
import { atRound, gridOf, type LayerScores, layerScoresOf, rankCorrelations, roundCorrelations } from "@tutti/record";
import { simulatedSplits } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { heatMap } from "./layerFigures.ts";

const scoresOf = (run: RunRecord): (number | null)[] => {
  if (run.variant.alpha === 0.1) return run.seed === 1 ? [10, 20, 30, 40, null] : [12, 20, 30, 40, null];
  if (run.variant.alpha === 1) return run.seed === 1 ? [20, 10, 40, 30, null] : [10, 20, 30, 40, null];
  return [];
};
const grid = gridOf(
  simulatedSplits().runs.map((run) => ({
    ...run,
    layerScores: run.method === "fedPepTao" ? scoresOf(run) : [],
    selectedLayers: [run.seed, 3],
  })),
);

test("layer scores are means over seeds, and how often a layer travels is a share of them", () => {
  const [scores, ...others] = layerScoresOf(grid);
  expect(others).toEqual([]);
  expect([scores?.task, scores?.isThinned, scores?.drifts]).toEqual([null, false, []]);
  expect(scores?.columns.map(({ label }) => label)).toEqual(["subj, alpha 0.1", "subj, alpha 1"]);
  expect(scores?.columns[0]).toEqual({
    label: "subj, alpha 0.1",
    round: null,
    scores: [11, 20, 30, 40, null],
    selected: [0, 0.5, 0.5, 1, 0],
  });
});

test("rank correlations compare the same seeds, over the layers that both score", () => {
  // seed 1: ranks 1 2 3 4 beside 2 1 4 3, 1 − 6 · 4 / 60 = 0.6; seed 2: the same order, 1
  const [correlation, ...others] = rankCorrelations(grid);
  expect(others).toEqual([]);
  expect([correlation?.first, correlation?.second, correlation?.numSeeds]).toEqual(["subj, alpha 0.1", "subj, alpha 1", 2]);
  expect(correlation?.mean).toBeCloseTo(0.8, 12);
});

/** The splits' scores with those of later rounds: in round 4 of one seed only, in the last of both. */
const laterScores = (run: RunRecord, last = 12): NonNullable<RunRecord["layerScoresByRound"]> => [
  ...(run.seed === 1 ? [{ round: 4, scores: [7, 6, 5, 4, null] }] : []),
  { round: last, scores: run.seed === 1 ? [40, 30, 20, 10, null] : [10, 20, 40, 30, null] },
];
const scored = simulatedSplits().runs.filter(({ variant }) => variant.alpha !== 5);
const byRound = (run: RunRecord, layerScoresByRound = laterScores(run)): RunRecord =>
  run.method === "fedPepTao"
    ? { ...run, layerScores: scoresOf(run), selectedLayers: [run.seed, 3], layerScoresByRound }
    : { ...run, layerScores: [] };
const labelsOf = ({ columns }: LayerScores) => columns.map(({ label, round }) => atRound(label, round));

test("where layers were scored again the columns are conditions × rounds, and round 0 is Stage A's own", () => {
  const [map, ...others] = layerScoresOf(gridOf(scored.map((run) => byRound(run))));
  if (map === undefined) throw new Error("there is no map");
  expect(others).toEqual([]);
  expect(labelsOf(map)).toEqual([0.1, 1].flatMap((alpha) => [0, 4, 12].map((round) => `α ${alpha} · round ${round}`)));
  expect(map.columns.slice(0, 3)).toEqual([
    { label: "α 0.1", round: 0, scores: [11, 20, 30, 40, null], selected: [0, 0.5, 0.5, 1, 0] },
    { label: "α 0.1", round: 4, scores: [7, 6, 5, 4, null], selected: [0, 1, 0, 1, 0] }, // of seed 1 alone
    { label: "α 0.1", round: 12, scores: [25, 25, 30, 20, null], selected: [0, 0.5, 0.5, 1, 0] },
  ]);
});

test("round 0 is compared with the last round of the same conditions, and sets of conditions at round 0 as ever", () => {
  const grid = gridOf(scored.map((run) => byRound(run)));
  const drifts = roundCorrelations(grid);
  expect(drifts.map(({ first, second }) => [first, second])).toEqual(
    [0.1, 1].map((alpha) => [`subj, alpha ${alpha} · round 0`, `subj, alpha ${alpha} · round 12`]),
  );
  // α 0.1: 1 2 3 4 beside 4 3 2 1 is −1, beside 1 2 4 3 is 1 − 6 · 2 / 60 = 0.8
  expect(drifts[0]?.mean).toBeCloseTo(-0.1, 12);
  // α 1: 2 1 4 3 beside 4 3 2 1 is 1 − 6 · 16 / 60 = −0.6; the other seed as before
  expect(drifts[1]?.mean).toBeCloseTo(0.1, 12);
  expect(rankCorrelations(grid).map(({ mean }) => mean?.toFixed(9))).toEqual(["0.800000000"]);
  expect(roundCorrelations(gridOf(scored.map((run) => byRound(run, []))))).toEqual([]);
});

test("a map says that selection happened once, how its ends agree, and names its columns in words", () => {
  const [map] = layerScoresOf(gridOf(scored.map((run) => byRound(run))));
  if (map === undefined) throw new Error("there is no map");
  const { note, svg, description, title } = heatMap(map);
  expect(title).toBe("Layer scores: FedPepTAO");
  expect(note).toContain("Layers were selected once, with the scores of round 0");
  expect(note).toContain("−0.100 (α 0.1 · round 0 and α 0.1 · round 12); +0.100 (α 1 · round 0");
  expect(note).not.toContain("Not every scored round");
  for (const label of labelsOf(map)) expect(svg).toContain(`>${label}</text>`);
  expect(description).toContain("α 0.1 · round 12: highest first 2, 0, 1, 3.");
  const [alone] = layerScoresOf(grid);
  expect(alone && heatMap(alone).note).toContain("Layers are scored once, before the first round.");
});

test("a map that would be too wide is one for each task, with as many rounds as there is room for", () => {
  const scores = [1, 2, 3, 4, null];
  const manyRounds = (numRounds: number) => (run: RunRecord) =>
    byRound(
      run,
      Array.from({ length: numRounds }, (_, index) => ({ round: 4 * (index + 1), scores })),
    );
  const twoTasks = [...scored, ...scored.map((run) => ({ ...run, task: "sst2" }))];
  const mapsWith = (numRounds: number) => layerScoresOf(gridOf(twoTasks.map(manyRounds(numRounds))));
  const [together, ...others] = mapsWith(2);
  expect([others.length, together?.task, together?.columns.length]).toEqual([0, null, 12]);
  expect(together && labelsOf(together)[0]).toBe("subj, α 0.1 · round 0");
  expect(mapsWith(3).map(({ task, columns, isThinned }) => [task, columns.length, isThinned])).toEqual([
    ["subj", 8, false],
    ["sst2", 8, false],
  ]);
  const [thin] = mapsWith(24);
  if (thin === undefined) throw new Error("there is no map");
  expect(thin.columns.slice(0, 7).map(({ round }) => round)).toEqual([0, 16, 32, 48, 64, 80, 96]);
  expect([thin.columns.length, thin.isThinned]).toEqual([14, true]);
  expect(heatMap(thin).title).toBe("Layer scores: FedPepTAO, subj");
  expect(heatMap(thin).note).toContain("Not every scored round is shown");
});

test("strength of colour is told in words that hold on a light ground and on a dark one", () => {
  const [map] = layerScoresOf(grid);
  expect(map && heatMap(map).note).toMatch(/^A stronger blue ranks higher/);
});

/** A map of two partitions by their names. */
function mapOf(first: string, second: string, changed: (run: RunRecord) => RunRecord) {
  const runs = scored.map((run) => ({ ...changed(run), variant: { partition: run.variant.alpha === 1 ? second : first } }));
  const [map] = layerScoresOf(gridOf(runs));
  if (map === undefined) throw new Error("there is no map");
  return heatMap(map).svg;
}

test("a heading as long as lab files have them is written in full, with its round", () => {
  const svg = mapOf("α 0.1", "by the domain of the sentences", (run) => byRound(run));
  expect(svg).toContain(">partition by the domain of the sentences · round 12</text>");
});

test("the left margin holds a long heading of any column", () => {
  const left = (svg: string) => Number(/<rect [^>]*\bx="([\d.]+)"/.exec(svg)?.[1]);
  const withSecond = (name: string) => left(mapOf("a", name, (run) => byRound(run, [])));
  expect(withSecond("by domain of sentence")).toBeGreaterThan(withSecond("b") + 10);
});

test("runs from before later rounds were measured are told of where others have them", () => {
  const before = (run: RunRecord): RunRecord => {
    const { layerScoresByRound, ...others } = byRound(run);
    return others;
  };
  const isOld = ({ variant, seed }: RunRecord) => variant.alpha === 1 && seed === 2;
  const noteOf = (runs: readonly RunRecord[]) => layerScoresOf(gridOf(runs)).map((map) => heatMap(map).note)[0];
  expect(noteOf(scored.map((run) => (isOld(run) ? before(run) : byRound(run))))).toContain(
    "Runs from before later rounds were measured have round 0 only: α 1 (1 of 2 runs).",
  );
  for (const one of [before, byRound]) expect(noteOf(scored.map((run) => one(run)))).not.toContain("Runs from before");
});
