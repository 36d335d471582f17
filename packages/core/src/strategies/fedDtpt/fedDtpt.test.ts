import { describe, expect, test } from "vitest";
import { createRandom } from "../../random.ts";
import { runRounds } from "../../rounds.ts";
import type { Contribution, PlannedTask, RoundPlan } from "../../task.ts";
import { planOf, rosterOf, testRun } from "../../testing/run.ts";
import { createSimulatedPool } from "../../testing/simulatedPool.ts";
import { commonDefaults } from "../../tunings/declaration.ts";
import { promptOf, promptParams } from "../../tunings/discretePrompt.ts";
import { tunings } from "../../tunings/table.ts";
import type { StrategyRun } from "../strategy.ts";
import type { FedDtptState } from "./decisions.ts";
import { fedDtpt } from "./index.ts";
import { attentionWeights, type DevicePrompt, mergePrompts, radiusOf, wordsOf } from "./mergePrompts.ts";
import type { FedDtptSettings } from "./settings.ts";

const random = createRandom(5);
const settings = { minTokens: 2, mostTokens: 16 };

/** Embeddings by token: each its own direction of eight, all equally far from each other. */
const axes = (id: number): number[] => Array.from({ length: 8 }, (_, i) => (i === id % 8 ? 3 : 0));
const promptWith =
  (rowOf: (id: number) => readonly number[]) =>
  (tokens: readonly number[], accuracy = 0.5): DevicePrompt => ({
    tokens,
    accuracy,
    rows: Float32Array.from(tokens.flatMap((id) => rowOf(id))),
  });
const prompt = promptWith(axes);

describe("the merge of prompts", () => {
  /** Prompts of tokens 0 to 39 whose embeddings a seed draws. */
  function drawn(seed: number): DevicePrompt[] {
    const stream = createRandom(seed).stream({ purpose: "prompts" });
    const table = Array.from({ length: 40 }, () => Array.from({ length: 5 }, () => stream.normal()));
    const make = promptWith((id) => table[id]);
    const numTokens = 1 + stream.integer(12);
    return Array.from({ length: 2 + stream.integer(7) }, () =>
      make(
        Array.from({ length: 1 + stream.integer(numTokens) }, () => stream.integer(40)),
        Math.round(4 * stream.uniform()) / 4,
      ),
    );
  }

  test("permuting the devices changes no kept token and not their order", () => {
    let numKept = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const prompts = drawn(seed);
      const merged = mergePrompts(prompts, settings);
      numKept += merged.length;
      const shuffled = createRandom(seed).stream({ purpose: "order" });
      for (let time = 0; time < 3; time++) expect(mergePrompts(shuffled.shuffle(prompts), settings), `seed ${seed}`).toEqual(merged);
    }
    expect(numKept).toBeGreaterThan(500); // or little was compared
  });

  test("identical prompts give that prompt's tokens, each once and in order, whatever its embeddings", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const [one] = drawn(seed);
      for (const numDevices of [1, 2, 7]) {
        const merged = mergePrompts(new Array<DevicePrompt>(numDevices).fill(one), settings);
        expect(new Set(merged)).toEqual(new Set(one.tokens));
        expect(merged).toHaveLength(new Set(one.tokens).size);
      }
    }
    expect(mergePrompts([prompt([7, 3, 5]), prompt([7, 3, 5])], settings)).toEqual([7, 3, 5]);
  });

  test("a token weighs a softmax within its prompt of its similarities to the tokens of the others", () => {
    // directions: 0 and 1 at right angles, 2 at 60° from 0 (cosine 1/2) and 30° from 1 (√3/2)
    const rows: Record<number, number[]> = { 0: [2, 0], 1: [0, 3], 2: [0.5, Math.sqrt(3) / 2] };
    const make = promptWith((id) => rows[id]);
    const words = wordsOf([make([0, 1]), make([2]), make([2, 1])]);
    const [half, high] = [0.5, Math.sqrt(3) / 2];
    // prompt 0: token 0 meets 2, 2, 1: ½ + ½ + 0; token 1: √3/2 + √3/2 + 1. Prompt 2: token 2 meets 0, 1, 2: ½ + √3/2 + 1; token 1: 0 + 1 + √3/2.
    const first = [Math.exp(2 * half), Math.exp(2 * high + 1)];
    const third = [Math.exp(half + high + 1), Math.exp(1 + high)];
    const inFirst = first.map((power) => power / (first[0] + first[1]));
    const inThird = third.map((power) => power / (third[0] + third[1]));
    const weights = attentionWeights(words);
    expect(weights[0]).toBeCloseTo(inFirst[0], 6);
    expect(weights[1]).toBeCloseTo(Math.max(inFirst[1], inThird[1]), 6);
    expect(weights[2]).toBe(1); // alone in prompt 1
  });

  test("ε is the elbow of the distances to the nearest other token, where a token that two prompts have is near itself", () => {
    const rows: Record<number, number[]> = { 1: [0], 2: [1], 3: [2.5], 4: [9] };
    const make = promptWith((id) => rows[id]);
    const radius = (prompts: readonly DevicePrompt[]) => {
      const words = wordsOf(prompts);
      return radiusOf(
        words,
        words.map(({ row }) => Float64Array.from(words, (other) => Math.abs(row[0] - other.row[0]))),
      );
    };
    expect(radius([make([1, 2]), make([3, 4])])).toBe(1.5); // nearest: 1, 1, 1.5, 6.5; below the chord by 0, 1/3, 2/3 − 1/11, 0
    expect(radius([make([1, 2]), make([1, 2]), make([4])])).toBe(0); // 0, 0, 0, 0, 8
  });

  test("of tokens close to each other the heaviest stays, and a token that is near no other prompt's goes", () => {
    const rows: Record<number, number[]> = { 1: [10, 0], 2: [10, 0.5], 3: [0, 10], 4: [-8, -7], 5: [0.25, 10] };
    const make = promptWith((id) => rows[id]);
    const prompts = [make([1, 3]), make([2, 5]), make([1, 5, 4])];
    // nearest: 0, 0 (token 1 twice), ½ (2), ¼ (3), 0, 0 (5 twice), about 17 (4): the elbow is ½, so 1 with 2 and 3 with 5 are near each other
    const words = wordsOf(prompts);
    const weights = attentionWeights(words);
    expect(mergePrompts(prompts, settings)).toEqual([weights[0] > weights[1] ? 1 : 2, weights[2] > weights[4] ? 3 : 5]);
    expect(mergePrompts(prompts, { ...settings, minTokens: 1 })).toContain(4);
  });

  test("at most as many tokens stay as a prompt has room for, the heaviest, in the order of their places", () => {
    const prompts = [prompt([6, 1, 2]), prompt([6, 1, 2]), prompt([6, 1]), prompt([6])];
    expect(mergePrompts(prompts, settings)).toEqual([6, 1, 2]);
    expect(mergePrompts(prompts, { ...settings, mostTokens: 2 })).toEqual([6, 1]);
    expect(mergePrompts([prompt([1, 6]), prompt([1, 6]), prompt([2, 1, 6])], { ...settings, minTokens: 1 })).toEqual([2, 1, 6]); // 1 stands at 0, 0, 1
  });

  test("no device brings in a word that it alone has, however often it repeats it, or takes one out that two others have", () => {
    const honest = [prompt([1, 2]), prompt([1, 2]), prompt([1, 2])];
    expect(mergePrompts([...honest, prompt([4, 4, 4, 4], 1)], settings)).toEqual([1, 2]);
    expect(mergePrompts([...honest, prompt([], 1)], settings)).toEqual([1, 2]);
    const tie = (first: number, second: number) =>
      mergePrompts([prompt([1, 3], first), prompt([1, 3], first), prompt([2, 4], second), prompt([2, 4], second)], {
        ...settings,
        mostTokens: 2,
      });
    expect([tie(0.25, 1), tie(1, 0.25)]).toEqual([
      [2, 4],
      [1, 3],
    ]); // an accuracy decides between equal weights alone
  });
});

function runOf(changes: Parameters<typeof testRun>[0] = {}, strategy: Partial<FedDtptSettings> = {}): StrategyRun<FedDtptSettings> {
  const tuning = {
    ...commonDefaults,
    ...tunings.discretePrompt.defaults,
    promptTokens: 4,
    head: "labelWords",
    positionsAfterPrefix: true,
  } as const;
  const conditions = testRun({ numDevices: 4, minDevices: 4, cohortSize: 4, numRounds: 3, evaluateEvery: 2, ...changes });
  return { ...conditions, tuning, strategy: { ...fedDtpt.defaults, ...strategy } };
}

const shape = { numLayers: 0, layerNames: [], alwaysShared: ["tokens"] };
const started = (run = runOf(), tokens: readonly number[] = []): FedDtptState => fedDtpt.init(run, shape, promptParams(tokens, 4));

function answered({ deviceId, expects }: PlannedTask, tokens: readonly number[]): Contribution {
  const { rows } = prompt(tokens);
  const words = { rows: { shape: [tokens.length, 8], data: rows }, texts: tokens.map((id) => ` word${id}`) };
  return { deviceId, numExamples: expects.numExamples, body: { kind: "edit", tokens, accuracy: 0.5, words } };
}

/** The state after a round in which devices answer with these prompts. */
function after(state: FedDtptState, prompts: readonly (readonly number[])[]): FedDtptState {
  const plan = planOf(fedDtpt, state, rosterOf([3, 5, 7, 2]), random, 1);
  return fedDtpt.aggregate(
    state,
    plan,
    plan.tasks.map((task, at) => answered(task, prompts[at])),
  );
}

test("a round sends the prompt, asks for no tensor back, and its words come from the devices' prompts", () => {
  const begun = started();
  const plan = planOf(fedDtpt, begun, rosterOf([3, 5, 7, 2]), random, 1);
  expect(plan.tasks[0]).toMatchObject({
    spec: { kind: "edit", numTrials: 24, mostTokens: 4 },
    parameterSets: { global: 0 },
    expects: { shapes: {} },
  });
  expect(fedDtpt.summary(begun).prompt).toEqual({ tokens: [], text: "" });
  const state = after(begun, [[9000, 2], [2], [9000, 2], [3]]);
  expect(promptOf(fedDtpt.globalParams(state))).toEqual([9000, 2]); // in f16, too
  expect(fedDtpt.summary(state).prompt).toEqual({ tokens: [9000, 2], text: "word9000 word2" });
  expect(fedDtpt.newcomerParams(state)).toEqual(fedDtpt.globalParams(state));
});

test("where no two devices agree on a word the prompt stays, in the same object, as it does where they all keep it", () => {
  const state = after(started(), [
    [1, 2],
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  const disagreed = after(state, [[4], [5], [6], [7]]);
  const agreed = after(state, [
    [1, 2],
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  for (const next of [disagreed, agreed]) {
    expect(next.tensors).toBe(state.tensors);
    expect(fedDtpt.summary(next)).toMatchObject({ prompt: { tokens: [1, 2], text: "word1 word2" }, round: 2 });
  }
});

test("a prompt that a run starts with has no text until devices have told its words", () => {
  const begun = started(runOf(), [3, 1]);
  expect(fedDtpt.summary(begun).prompt).toBeUndefined();
  expect(
    fedDtpt.summary(
      after(begun, [
        [3, 1],
        [3, 1],
        [3, 1],
        [3, 1],
      ]),
    ).prompt,
  ).toEqual({ tokens: [3, 1], text: "word3 word1" });
});

test("another run goes on after a round with its prompt", () => {
  const state = after(started(), [[1], [1], [1], [1]]);
  const branched = fedDtpt.branch?.(state, runOf({ numRounds: 9 }), 4);
  expect(branched?.values).toMatchObject({ position: { round: 5, kind: "edit" }, evaluations: [], text: "word1" });
  expect(promptOf(fedDtpt.globalParams(branched ?? state))).toEqual([1]);
});

test("a run takes the steps of its schedule", async () => {
  const run = runOf();
  const taken: string[] = [];
  const answers = (_: RoundPlan, task: PlannedTask) => ({
    kind: "contributed" as const,
    contribution:
      task.spec.kind === "edit"
        ? answered(task, [1, 2])
        : { deviceId: task.deviceId, numExamples: 3, body: { kind: "evaluate" as const, results: [] } },
  });
  const pool = createSimulatedPool(rosterOf([3, 5, 7, 2]), answers);
  for await (const event of runRounds({ strategy: fedDtpt, state: started(run), pool, random }))
    if (event.kind === "closed")
      taken.push(`${event.plan.round}.${event.plan.step} ${event.plan.tasks[0].spec.kind} ${event.plan.tasks.length}`);
  expect(taken).toEqual(fedDtpt.schedule(run).map(({ round, step, spec, numDevices }) => `${round}.${step} ${spec.kind} ${numDevices}`));
  expect(taken).toEqual(["1.1 edit 4", "2.1 edit 4", "2.2 evaluate 4", "3.1 edit 4", "3.2 evaluate 4"]);
});

test("a prompt comes back from its digits in f16, and what is no digit is refused", () => {
  const ids = [0, 1, 1023, 1024, 2047, 50_264, 1_048_574];
  expect(promptOf(promptParams(ids, 9))).toEqual(ids);
  expect(() => promptParams(ids, 6)).toThrow("a prompt of 7 tokens, where 6 is the most");
  expect(() => promptOf({ tokens: { shape: [1, 2], data: Float32Array.of(0.5, 1) } })).toThrow("found the value 0.5");
  expect(() => promptOf({})).toThrow("the parameter tokens is missing");
});

test("a run that tunes something else, has a linear head, no room for the prompt, or an encoding that rounds tokens is refused", () => {
  const run = runOf();
  expect(() => started({ ...run, tuning: testRun().tuning })).toThrow("set tuning.method to discretePrompt");
  expect(() => started({ ...run, tuning: { ...run.tuning, head: "linear" } })).toThrow("set tuning.head to labelWords");
  expect(() => started({ ...run, tuning: { ...run.tuning, positionsAfterPrefix: false } })).toThrow(
    "set tuning.positionsAfterPrefix to true",
  );
  expect(() => started({ ...run, paramsEncoding: "int8" })).toThrow("set paramsEncoding to f16 or f32");
  expect(() => started({ ...run, aggregation: { name: "coordinateMedian" } })).toThrow("leave aggregation out");
});
