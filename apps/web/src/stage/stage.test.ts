import type { Live, LiveOrder } from "@tutti/protocol";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test, vi } from "vitest";
import { shownRounds } from "../figures/shownRounds.ts";
import { latestScore, lossCurves, scoreCurves } from "./curves.ts";
import { asCsv, asJson, fetchFile } from "./exports.ts";
import { fragmentFor } from "./feed.ts";
import { layerSheet } from "./layerNotes.ts";
import { marksOf } from "./marks.ts";
import { wholeTicks } from "./plots/drawings.ts";
import { closedRound, evaluation } from "./testing/closedRound.ts";
import { Tiles } from "./tiles.tsx";
import { byteColumns, totalBytes } from "./traffic.ts";

const rounds = [
  closedRound(1, { stage: "score", scores: [3, 1, null], movement: undefined as never }),
  closedRound(1),
  closedRound(2, {
    trainLoss: 0.7,
    evaluations: [
      evaluation("global", 0.5, { split: "validation", numExamples: 45 }),
      evaluation("global", 0.6),
      evaluation("zeroShot", 0.3),
      evaluation("newcomer", 0.55),
    ],
  }),
  closedRound(4, { trainLoss: null, evaluations: [evaluation("global", 0.8), evaluation("newcomer", 0.7, { numExamples: 60 })] }),
];

test("scores are of the test texts, by round of the train stage, with the number of texts of each", () => {
  const { metric, curves } = scoreCurves(rounds);
  expect(metric).toBe("accuracy");
  expect(curves).toEqual([
    {
      name: "global",
      points: [
        { round: 2, value: 0.6, numTexts: 90 },
        { round: 4, value: 0.8, numTexts: 90 },
      ],
    },
    {
      name: "newcomer",
      points: [
        { round: 2, value: 0.55, numTexts: 90 },
        { round: 4, value: 0.7, numTexts: 60 },
      ],
    },
    { name: "zeroShot", points: [{ round: 2, value: 0.3, numTexts: 90 }] },
  ]);
  expect(latestScore({ metric, curves })).toEqual({ name: "newcomer", round: 4, value: 0.7, numTexts: 60 });
});

test("where a task has no test texts the validation's are shown, and answers in words have their own score", () => {
  const only = scoreCurves([closedRound(1, { evaluations: [evaluation("global", 0.4, { split: "validation" })] })]);
  expect(only.curves[0]?.points[0]?.value).toBe(0.4);
  const text = { tokenAccuracy: 0.31, exactMatch: null, rougeL: 0.22 };
  const answers = scoreCurves([closedRound(1, { evaluations: [{ protocol: "global", split: "test", loss: 2, numExamples: 8, text }] })]);
  expect(answers).toEqual({ metric: "rougeL", curves: [{ name: "global", points: [{ round: 1, value: 0.22, numTexts: 8 }] }] });
});

test("losses leave out rounds that trained nothing, and scoring rounds", () => {
  const [training, global] = lossCurves(rounds);
  expect(training?.points.map(({ round, value }) => [round, value])).toEqual([
    [1, 0.9],
    [2, 0.7],
  ]);
  expect(global?.points.map(({ value }) => Number(value.toFixed(3)))).toEqual([0.4, 0.2]);
});

test("every layer is compared in the encodings that the run sends in, not in f32", () => {
  const columns = byteColumns(rounds, { contributionEncoding: "int8", paramsEncoding: "f16" });
  expect(columns[0]).toEqual({ round: 1, sent: 120, everything: 100 + 400 });
  expect(totalBytes(columns)).toEqual({ sent: 360, everything: 1500 });
});

test("a layer that travels is a full note, one that was scored a hollow one, and one with neither has none", () => {
  const { columns, notes, numLayers } = layerSheet(rounds, 2 + 1);
  expect(columns).toEqual([1, 2, 4].map((round) => ({ stage: "train", round })));
  const { notes: all } = layerSheet(rounds, 9);
  expect(all.filter(({ column }) => column === 0)).toEqual([
    { column: 0, layer: 0, weight: 1, travels: false },
    { column: 0, layer: 1, weight: 0, travels: false },
  ]);
  expect(all.filter(({ column }) => column === 1)).toEqual([
    { column: 1, layer: 1, weight: 0, travels: true },
    { column: 1, layer: 2, weight: 1, travels: true },
  ]);
  expect([notes.length, numLayers]).toEqual([6, 3]);
});

test("an order has a mark at the round from which it holds, and none before it holds", () => {
  const from = { stage: "train", round: 5, step: 1, attempt: 1 } as const;
  const events: readonly LiveOrder[] = [
    { number: 1, at: 1, order: { kind: "skew", dirichletAlpha: 0.1 }, from: { ...from, stage: "score", round: 2 } },
    { number: 2, at: 2, order: { kind: "drop", fraction: 0.3 }, from },
    { number: 3, at: 3, order: { kind: "poison", numDevices: 2 }, from, poison: { deviceIds: [1, 5], factor: 5 } },
    { number: 4, at: 4, order: { kind: "deadline", deadlineMs: 5000 }, from: null },
  ];
  expect(marksOf(events)).toEqual([
    { number: 1, round: 1, text: "skewed data" },
    { number: 2, round: 5, text: "30 % dropped" },
    { number: 3, round: 5, text: "2 devices poisoned" },
  ]);
});

test.each([
  [1, [1]],
  [2, [1, 2]],
  [6, [1, 2, 3, 4, 5, 6]],
  [12, [1, 4, 7, 10, 12]],
  [100, [1, 21, 41, 61, 81, 100]],
])("of %i rounds at most six have a tick, the first and the last among them", (numRounds, ticks) => {
  expect(wholeTicks(numRounds)).toEqual(ticks);
});

test("the numbers that are shown can be kept as CSV and as JSON", () => {
  const [head, first, ...rest] = asCsv({ rounds: rounds.slice(1) })
    .trimEnd()
    .split("\n");
  expect(head?.split(",")).toHaveLength(19);
  expect(first).toBe("train,1,3,2,0.9,70,50,11,13,400,800,4,2.5,7,,,,,");
  expect(rest[1]).toBe("train,2,3,2,0.7,70,50,11,13,400,800,4,2.5,7,global,test,0.6,0.4,90");
  expect(rest).toHaveLength(4 + 2);
  const live = { status: { runId: "r1", phase: "done", selectedLayers: [1, 2] }, rounds, orders: [] };
  expect(JSON.parse(asJson(live as unknown as Parameters<typeof asJson>[0]))).toEqual(
    JSON.parse(JSON.stringify({ runId: "r1", phase: "done", selectedLayers: [1, 2], rounds, orders: [] })),
  );
});

test("P-186 the report and the tuned parameters are fetched with what opened the stage; what is not there yet is no file", async () => {
  const asked: unknown[] = [];
  const answers = [new Response("bytes"), new Response(null, { status: 204 }), null];
  vi.stubGlobal("fetch", async (address: URL, { headers }: RequestInit) => {
    asked.push([address.href, headers]);
    const answer = answers.shift();
    if (answer == null) throw new TypeError("nobody answers");
    return answer;
  });
  const address = new URL("https://example.org/class/tuned.safetensors");
  const found = [await fetchFile(address, "blåbär moss"), await fetchFile(address, null), await fetchFile(address, null)];
  vi.unstubAllGlobals();
  expect(await (found[0] as Blob).text()).toBe("bytes");
  expect(found.slice(1)).toEqual(["none", "silent"]);
  expect(asked[0]).toEqual([address.href, { authorization: "Bearer bl%C3%A5b%C3%A4r%20moss" }]);
});

test("an operator's token that is typed in place of the word is not put where the wall shows the word to join with", () => {
  expect(fragmentFor("amber lake violin")).toBe("#token=amber+lake+violin");
  expect(fragmentFor("Zx9_-".padEnd(32, "a"))).toBe(`#operator=${"Zx9_-".padEnd(32, "a")}`);
});

test("a name that turns text round does so to itself alone", () => {
  const tile = { deviceId: 3, nickname: "\u202Eada", state: "waiting", backend: "wasm" } as const;
  const live = { devices: [tile], status: { numDevices: 1 } } as unknown as Live;
  expect(renderToString(h(Tiles, { live }))).toContain("<bdi>\u202Eada</bdi>");
});

test("the axis of a long run has room for the rounds so far and more, of a short one for all, and never ends before the latest", () => {
  const shown = [
    [12, 3],
    [1000, 5],
    [1000, 19],
    [1000, 20],
    [1000, 32],
    [1000, 999],
    [6, 8],
  ].map(([numRounds, latest]) => shownRounds(numRounds ?? 0, latest ?? 0));
  expect(shown).toEqual([12, 20, 32, 32, 64, 1000, 8]);
});
