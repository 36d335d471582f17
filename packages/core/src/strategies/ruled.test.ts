import { expect, test } from "vitest";
import type { AggregationSettings } from "../aggregation/table.ts";
import { mapParams, norm, type Params, subtract, zeros } from "../params.ts";
import { createRandom } from "../random.ts";
import type { RunSettings } from "../run.ts";
import type { Contribution } from "../task.ts";
import { factorsOf, loraRun, loraShape } from "../testing/loraRun.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape } from "../testing/run.ts";
import { commonDefaults } from "../tunings/declaration.ts";
import { tensorTrain } from "../tunings/tensorTrain.ts";
import type { StrategyState } from "./strategy.ts";
import { createStrategy, needsSingleContributions, type StrategyName, strategies } from "./table.ts";

const numDevices = 7;
const sizes = { numDevices, minDevices: numDevices, cohortSize: numDevices, numRounds: 4, evaluateEvery: 4 };
const shape = testShape(2, true);
const initial = paramsOf({ "prefix/0": [0.1, 0.2], "prefix/1": [0.4, -0.8], "head/bias": [0.5] });
const loraInitial = factorsOf(
  {
    b: [
      [0.1, 0.2],
      [0, 0.3],
      [0.4, 0.1],
    ],
    a: [
      [1, 0.5],
      [0.2, 1],
    ],
  },
  [0.5],
);

/** Its defaults; LoRA where it is made for that, plain SGD where it needs it. */
function runOf(name: StrategyName, aggregation: AggregationSettings | null): RunSettings {
  const base = isLora(name) ? loraRun(sizes) : testRun(sizes);
  const training = name === "scaffold" ? ({ ...base.training, optimizer: "sgd" } as const) : base.training;
  const own =
    name === "fedPepTao"
      ? { selector: "all", countingRounds: 0, keepFraction: 1 }
      : name === "fedPt"
        ? { distillSteps: 0 }
        : name === "sLora"
          ? { sparseRounds: 3 }
          : {};
  const strategy = { ...strategies[name].defaults, ...own } as RunSettings["strategy"];
  const tuning = name === "fedTt" ? { ...commonDefaults, ...tensorTrain.defaults } : base.tuning;
  return { ...base, tuning, training, strategy, ...(aggregation === null ? {} : { aggregation }) };
}

function isLora(name: StrategyName): boolean {
  return /lora|fedAdapter|fedPipe/i.test(name);
}

/** Two rounds in which device 3 sends `bad` in every value and the others small numbers. */
function play(run: RunSettings, bad: number, numExamples = [3, 1, 4, 200, 5, 2, 6]): StrategyState {
  const name = run.strategy.name as StrategyName;
  const strategy = createStrategy(run);
  let state = strategy.init(run, isLora(name) ? loraShape : shape, isLora(name) ? loraInitial : initial);
  for (let round = 1; round <= 2; round++) {
    const plan = planOf(strategy, state, rosterOf(numExamples), createRandom(1), 1);
    const contributions = plan.tasks.map(({ deviceId, expects }): Contribution => {
      const random = createRandom(7).stream({ round, device: deviceId, purpose: "delta" });
      const delta: Params = mapParams(
        Object.fromEntries(Object.entries(expects.shapes).map(([key, extents]) => [key, zeros(extents)])),
        (like) => ({
          shape: like.shape,
          data: like.data.map(() => (deviceId === 3 ? bad : 0.1 * random.normal())),
        }),
      );
      return {
        deviceId,
        numExamples: expects.numExamples,
        body: { kind: "train", delta, numSteps: 4 + deviceId, firstLoss: 1.5, lastLoss: 1.25 },
      };
    });
    state = strategy.aggregate(state, plan, contributions);
  }
  return state;
}

/** FedBPT, FedDTPT and FedKSeed send no updates that a rule could combine, FedARA scores beside them: their own tests say what a device can do there. */
const ownRules: readonly StrategyName[] = ["fedBpt", "fedAra", "fedDtpt", "fedKSeed"];
const names = (Object.keys(strategies) as StrategyName[]).filter((name) => !ownRules.includes(name));
const takes = (name: StrategyName) => strategies[name].takesRules?.({ ranks: [] } as never);
const averaging = names.filter((name) => takes(name) === "all");
const merging = names.filter((name) => takes(name) === "wholeUpdates");
const clipping = names.filter((name) => takes(name) === "clipping");

test("strategies that average take every rule, those that merge factors the ones that leave updates whole", () => {
  expect(averaging).toEqual([
    "fedPepTao",
    "fedAvg",
    "scaffold",
    "fedOpt",
    "fedAvgM",
    "fedPt",
    "ffaLora",
    "fedSaLora",
    "roLora",
    "fedTt",
    "sLora",
  ]);
  expect(merging).toEqual(["flexLora", "fedExLora", "fLora"]);
  expect(clipping).toEqual(["raFLora", "hetLora", "fedAdapter", "fedPipe"]);
  expect(strategies.flexLora.takesRules?.({ ...strategies.flexLora.defaults, ranks: [2, 1] })).toBe("clipping");
  expect(strategies.fLora.takesRules?.({ ...strategies.fLora.defaults, ranks: [2, 1] })).toBe("clipping");
});

test.each(averaging)("%s: under the median a bad device moves no bit, however far off it is", (name) => {
  const run = runOf(name, { name: "coordinateMedian" });
  const sent = (bad: number) => {
    const { tensors } = play(run, bad);
    return Object.entries(tensors).filter(([key]) => !key.startsWith("c/3/")); // its own variate, which is clipped
  };
  expect(sent(9_999)).toEqual(sent(50));
  expect(play(run, 9_999).tensors).not.toEqual(play(run, 0).tensors);
});

test.each([...averaging, ...merging])("%s: Krum leaves a bad device out of everything that the server keeps", (name) => {
  const run = runOf(name, { name: "multiKrum", numByzantine: 1 });
  const sent = (bad: number) => Object.entries(play(run, bad).tensors).filter(([key]) => !key.startsWith("c/3/"));
  expect(sent(9_999)).toEqual(sent(50));
});

test.each([...averaging, ...merging, ...clipping])("%s: clipping bounds what a bad device moves, the mean does not", (name) => {
  const moved = (aggregation: AggregationSettings | null) => {
    const run = runOf(name, aggregation);
    const [good, bad] = [0.01, 500].map((value) => createStrategy(run).newcomerParams(play(run, value)));
    const common = Object.keys(good).filter((key) => key in bad && !key.startsWith("residual"));
    const pick = (params: Params) => Object.fromEntries(common.map((key) => [key, params[key]]));
    return norm(subtract(pick(bad), pick(good)));
  };
  expect(moved({ name: "normClipping", maxNorm: 0.3 })).toBeLessThan(3);
  expect(moved({ name: "adaptiveClipping", quantile: 0.5 })).toBeLessThan(3);
  if (name !== "fedOpt") expect(moved(null)).toBeGreaterThan(20); // Adam's steps have a length of their own
});

test.each(names)("%s: the mean, named, gives the same state as no rule", (name) => {
  if (name === "local") return expect(() => play(runOf(name, { name: "coordinateMedian" }), 1)).toThrow("leave aggregation out");
  const tensorsOf = (aggregation: AggregationSettings | null) => play(runOf(name, aggregation), 2).tensors;
  expect(tensorsOf({ name: "mean" })).toEqual(tensorsOf(null));
});

test.each(["fedAvg", ...merging] as const)("%s: under Krum what a device says of its examples moves nothing", (name) => {
  const run = runOf(name, { name: "multiKrum", numByzantine: 1 });
  const claimed = play(run, 50, [3, 1, 4, 200, 5, 1_000_000, 6]);
  expect(claimed.tensors).toEqual(play(run, 50).tensors);
  const mean = runOf(name, null);
  expect(play(mean, 50, [3, 1, 4, 200, 5, 1_000_000, 6]).tensors).not.toEqual(play(mean, 50).tensors);
});

test("what a bad device's own control variate comes to is bounded by the others' updates", () => {
  const run = runOf("scaffold", { name: "coordinateMedian" });
  const variate = (bad: number) =>
    norm(Object.fromEntries(Object.entries(play(run, bad).tensors).filter(([key]) => key.startsWith("c/3/"))));
  expect(variate(9_999)).toBeLessThan(50);
  expect(Math.abs(variate(9_999) - variate(50))).toBeLessThan(1e-5);
});

test("a rule that does not fit the strategy, or whose condition fails, is refused before the first step", () => {
  expect(() => play(runOf("flexLora", { name: "geometricMedian" }), 1)).toThrow("aggregation.name: geometricMedian does not fit FlexLoRA");
  expect(() => play(runOf("fedPipe", { name: "multiKrum", numByzantine: 1 }), 1)).toThrow("multiKrum does not fit FedPipe");
  expect(() => play(runOf("fedAvg", { name: "multiKrum", numByzantine: 3 }), 1)).toThrow("needs n ≥ 2f + 3, here 9 updates");
});

test("under a rule the server needs each device's contribution", () => {
  expect(needsSingleContributions(runOf("fedAvg", null))).toBe(false);
  expect(needsSingleContributions(runOf("fedAvg", { name: "mean" }))).toBe(false);
  expect(needsSingleContributions(runOf("fedAvg", { name: "coordinateMedian" }))).toBe(true);
});
