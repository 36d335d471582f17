import * as tf from "@tensorflow/tfjs";
import { createRandom, createStrategy, presets, promptOf, promptParams, type RunSettings, strategies } from "@tutti/core";
import { beforeEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { computeTask } from "../deviceTasks.ts";
import { federateRun, tinyPlace } from "../testing/tinyFederation.ts";
import { createDiscretePromptTuner, withPrompt } from "../tuning/discretePrompt.ts";
import { createBareTuner } from "../tuning/prefix.ts";
import { predictAll } from "./evaluation.ts";
import type { Tuned } from "./gradient.ts";
import type { EncodedExample } from "./objective.ts";
import { bestWords, editPrompt, type PromptEditing } from "./promptEditing.ts";

const tuning = {
  method: "discretePrompt",
  promptTokens: 3,
  promptDropout: 0,
  positionsAfterPrefix: true,
  head: "labelWords",
  lossOver: "labelWords",
} as const;

const run: RunSettings = {
  ...presets.demo,
  numDevices: 4,
  minDevices: 4,
  cohortSize: 4,
  numRounds: 3,
  evaluateEvery: 1,
  tuning,
  strategy: { ...strategies.fedDtpt.defaults, numTrials: 10, numCandidates: 6, maxExamples: 16 },
};

beforeEach(async () => {
  await startBackend("wasm");
});

type Place = ReturnType<typeof tinyPlace>;

function encodedTexts(place: Place): EncodedExample[] {
  return place.reader.encode(place.examplesOf({ kind: "share", index: 0 }).train.slice(0, 12));
}

const editing = (place: Place, changes: Partial<PromptEditing> = {}): PromptEditing => ({
  start: [],
  spec: { numTrials: 12, numCandidates: 6, mostTokens: 3 },
  words: place.wordTable(),
  contexts: encodedTexts(place).slice(0, 4),
  edits: createRandom(4).stream({ purpose: "edits" }),
  ...changes,
});

/** The same, with a count of the texts that pass forward and of the passes back. */
function counted({ transformer, ...tuned }: Tuned) {
  const passes = { forward: 0, withGradient: 0, backward: 0 };
  const watched: Tuned["transformer"] = {
    ...transformer,
    forward(batch, options) {
      passes.forward += 1;
      if (options.hasGradient) passes.withGradient += 1;
      return transformer.forward(batch, options);
    },
    backward(dLast, pass) {
      passes.backward += 1;
      return transformer.backward(dLast, pass);
    },
  };
  return { watched, tuned, passes };
}

test("edits run forward, twice for each trial and once more, and nothing backward", async () => {
  const place = tinyPlace(run);
  const { watched, tuned, passes } = counted(place.reader.tuned);
  const steps: number[] = [];
  await editPrompt({ ...tuned, transformer: watched, tuner: createDiscretePromptTuner(watched) }, encodedTexts(place), {
    ...editing(place),
    onStep: ({ step, numSteps }) => steps.push(step / numSteps),
  });
  expect(passes).toEqual({ forward: 1 + 2 * 12, withGradient: 0, backward: 0 }); // a batch holds all twelve texts
  expect(steps).toEqual(Array.from({ length: 12 }, (_, at) => (at + 1) / 12));
  place.transformer.dispose();
  expect(tf.memory().numTensors).toBe(0);
});

test("the prompt that stays answers more of the examples rightly than the one before, by the share that is told", async () => {
  const place = tinyPlace(run);
  const examples = encodedTexts(place);
  const rightOf = async (tokens: readonly number[]) => {
    const { classes } = await predictAll(place.reader.tuned, promptParams(tokens, 3), examples);
    return examples.filter(({ label }, at) => classes[at] === label).length;
  };
  const { tokens, accuracy } = await editPrompt(
    place.reader.tuned,
    examples,
    editing(place, { spec: { numTrials: 40, numCandidates: 8, mostTokens: 3 } }),
  );
  expect(await rightOf(tokens)).toBeGreaterThan(await rightOf([]));
  expect(accuracy).toBe((await rightOf(tokens)) / examples.length);
  const none = await editPrompt(place.reader.tuned, examples, editing(place, { start: tokens, words: { size: 100, textOf: () => null } }));
  expect(none).toEqual({ tokens, accuracy }); // no word can be read, so none is tried
  place.transformer.dispose();
});

test("no edit of the same prompt is tried twice, and no word that stands in it already", async () => {
  const place = tinyPlace(run);
  const tuned = place.reader.tuned;
  const read: string[] = [];
  const tuner: Tuned["tuner"] = {
    ...tuned.tuner,
    ofParams(params) {
      read.push(promptOf(params).join());
      return tuned.tuner.ofParams?.(params) ?? tuned.tuner;
    },
  };
  const onlyFew = { size: 100, textOf: (id: number) => (id < 20 ? ` ${id}` : null) };
  await editPrompt(
    { ...tuned, tuner },
    encodedTexts(place),
    editing(place, { words: onlyFew, spec: { numTrials: 40, numCandidates: 1, mostTokens: 3 } }),
  );
  expect(new Set(read).size).toBe(read.length);
  expect(read.length).toBeGreaterThan(10);
  for (const prompt of read.map((one) => one.split(",").filter((id) => id !== ""))) expect(new Set(prompt).size).toBe(prompt.length);
  place.transformer.dispose();
});

test("of scores that backends compute a little differently the lower token comes first", () => {
  const scores = [1, 2.01, 2, 1.99, 5, 3];
  expect(bestWords(scores, 4, (id) => id !== 4)).toEqual([5, 1, 2, 3]);
  expect(
    bestWords(
      scores.map((score) => score + 0.004 * Math.sin(9 * score)),
      4,
      (id) => id !== 4,
    ),
  ).toEqual([5, 1, 2, 3]);
});

test("a discrete prompt is read as if it stood behind the first token of each text", async () => {
  const place = tinyPlace(run);
  const examples = encodedTexts(place);
  const inside = examples.map((example) => ({
    ...example,
    ids: withPrompt(example.ids, [40, 7]),
    maskPosition: example.maskPosition === 0 || example.maskPosition === null ? example.maskPosition : example.maskPosition + 2,
  }));
  const { tuned } = place.reader;
  const prompted = await predictAll(tuned, promptParams([40, 7], 3), examples);
  const written = await predictAll({ ...tuned, tuner: createBareTuner(tuned.transformer) }, promptParams([], 3), inside);
  expect(prompted.losses).toEqual(written.losses);
  const without = await predictAll(tuned, promptParams([], 3), examples);
  expect(without.losses).not.toEqual(prompted.losses);
  expect(without.losses).toEqual((await predictAll(tuned, null, examples)).losses); // no words, no prompt
  place.transformer.dispose();
});

test("the same task gives the same prompt on cpu and WASM, and another device its own", async () => {
  const strategy = createStrategy(run);
  const spec = strategy.schedule(run)[0]?.spec;
  if (spec?.kind !== "edit") throw new Error("expected an edit task");
  const results: string[] = [];
  for (const [backend, deviceId] of [
    ["cpu", 1],
    ["wasm", 1],
    ["wasm", 2],
  ] as const) {
    await startBackend(backend);
    const place = tinyPlace(run);
    const expects = { shapes: {}, encoding: "f32", batchSize: 8, numExamples: 24 } as const;
    const task = { deviceId, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global: promptParams([], 3) }, expects } as const;
    const { body, state } = await computeTask({ place, examples: place.examplesOf({ kind: "share", index: deviceId }), task, state: null });
    expect(state).toBeNull(); // a device keeps nothing of it
    if (body.kind !== "edit") throw new Error("expected a prompt");
    expect(body.words.texts).toHaveLength(body.tokens.length);
    results.push(JSON.stringify([body.tokens, body.accuracy]));
    place.transformer.dispose();
  }
  expect(results[0]).toBe(results[1]);
  expect(results[2]).not.toBe(results[1]);
});

test("devices edit a prompt together that answers more texts rightly, and leave no tensor", async () => {
  const accuracies: number[][] = [[], [], []];
  const { state } = await federateRun(run, {
    onResult({ task, body }) {
      if (body.kind === "edit") accuracies[task.round - 1]?.push(body.accuracy);
    },
  });
  const mean = (values: readonly number[] = []) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(accuracies[2])).toBeGreaterThan(mean(accuracies[0]));
  const { prompt, isDone } = createStrategy(run).summary(state);
  expect(isDone).toBe(true);
  expect(prompt?.tokens.length).toBeGreaterThan(0);
  expect(prompt?.text).toMatch(/^\[\d+\]/);
  expect(tf.memory().numTensors).toBe(0);
});
