import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { number } from "../settings/fields.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../testing/run.ts";
import { declareStrategy } from "./declaration.ts";
import { type FedAvgState, fedAvg } from "./fedAvg.ts";
import { brokenModuleRules, type ModuleSettings, moduleSchema, rememberStrategy, type StrategyDeclaration } from "./module.ts";
import type { StrategyState } from "./strategy.ts";
import { createStrategy, needsSingleContributions, strategySchema, strategyTitle } from "./table.ts";

const base = testRun({ numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 2, evaluateEvery: 2 });
const shaOf = (digit: string) => digit.repeat(64);
const moduleOf = (sha256: string, own: object = {}): ModuleSettings => ({
  name: "module",
  module: "./mine.ts",
  title: "Mine",
  sha256,
  ...own,
});
/** FedAvg as a module has it, with a part of it in another way. */
function remember(digit: string, changes: Partial<StrategyDeclaration> = {}): string {
  rememberStrategy(shaOf(digit), { ...(fedAvg as StrategyDeclaration), ...changes });
  return shaOf(digit);
}
const initial = paramsOf({ "prefix/0": [1, 2] });
const runWith = (strategy: ModuleSettings) => ({ ...base, strategy });

test("a module decides as the same strategy in the table does, and its state tells what others read without its code", () => {
  const settings = moduleOf(remember("a"), { fineTuneEpochs: 0 });
  const [strategy, own] = [createStrategy({ strategy: settings }), fedAvg];
  const plainRun = { ...base, strategy: fedAvg.defaults };
  const [state, plain] = [strategy.init(runWith(settings), testShape(1), initial), own.init(plainRun, testShape(1), initial)];
  expect(strategy.schedule(runWith(settings))).toEqual(own.schedule(plainRun));
  const [plan, expected] = [
    planOf(strategy, state, rosterOf([1, 3]), createRandom(1), 1),
    planOf(own, plain, rosterOf([1, 3]), createRandom(1), 1),
  ];
  expect(plan).toEqual(expected);
  const sent = [trained(0, 1, 2, paramsOf({ "prefix/0": [4, 0] })), trained(1, 3, 2, paramsOf({ "prefix/0": [0, 8] }))];
  const next = strategy.aggregate(state, plan, sent);
  // (1·4) / 4 = 1; (3·8) / 4 = 6
  expect(valuesOf(strategy.globalParams(next))).toEqual({ "prefix/0": [2, 8] });
  const kept = { values: JSON.parse(JSON.stringify(next.values)), tensors: next.tensors };
  const reader = createStrategy({ strategy: moduleOf(shaOf("b")) });
  expect(reader.summary(kept)).toEqual(own.summary(own.aggregate(plain, expected, sent)));
  expect(valuesOf(reader.newcomerParams(kept))).toEqual({ "prefix/0": [2, 8] });
  expect(reader.schedule(runWith(settings))).toEqual([]);
  expect(() => reader.plan(kept, [], createRandom(1), 1)).toThrow(
    "strategy Mine: the code of ./mine.ts (SHA-256 bbbbbbbbbbbb) is not loaded here",
  );
});

test("a tensor that the module leaves alone stays the same object, and new parameters are kept beside its state", () => {
  const doubled = (params: ReturnType<typeof paramsOf>) =>
    Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => 2 * value) }]));
  const kept: Partial<StrategyDeclaration> = { aggregate: (state) => ({ ...state, values: { ...state.values, isKept: true } }) };
  const newcomerParams = (state: StrategyState) => doubled(fedAvg.newcomerParams(state as FedAvgState));
  const settings = moduleOf(remember("c", { ...kept, newcomerParams }), { fineTuneEpochs: 0 });
  const strategy = createStrategy({ strategy: settings });
  const state = strategy.init(runWith(settings), testShape(1), initial);
  const [sent] = Object.values(strategy.globalParams(state));
  expect(Object.values(state.tensors).filter((tensor) => tensor === sent)).toHaveLength(1);
  expect(valuesOf(strategy.newcomerParams(state))).toEqual({ "prefix/0": [2, 4] });
  const plan = planOf(strategy, state, rosterOf([1, 3]), createRandom(1), 1);
  const next = strategy.aggregate(state, plan, []);
  expect(next.values.own).toMatchObject({ isKept: true });
  expect(Object.values(strategy.globalParams(next))[0]).toBe(sent);
});

test("what a module throws, or returns in place of a plan, is said with its file", () => {
  const fails = () => {
    throw new RangeError("17 is too many");
  };
  const settings = moduleOf(remember("d", { aggregate: fails, plan: () => Promise.resolve() as never }), { fineTuneEpochs: 0 });
  const strategy = createStrategy({ strategy: settings });
  const state = strategy.init(runWith(settings), testShape(1), initial);
  expect(() => strategy.aggregate(state, {} as never, [])).toThrow("strategy module ./mine.ts: aggregate: 17 is too many");
  expect(() => strategy.plan(state, [], createRandom(1), 1)).toThrow(
    "strategy module ./mine.ts: plan: returned neither tasks nor done nor waiting",
  );
});

test("its settings are JSON of a bounded size to whoever has not loaded it, and those of its schema to whoever has", () => {
  const isTaken = (settings: object) => strategySchema.safeParse(settings).success;
  const opaque = moduleOf(shaOf("e"), { rates: [0.5, null, { a: "b" }], isOn: true });
  expect(moduleSchema.parse(opaque)).toEqual(opaque);
  const deep = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  expect(isTaken({ ...opaque, deep: deep(14) })).toBe(true);
  for (const own of [{ deep: deep(17) }, { deep: deep(100_000) }, { long: "x".repeat(16_384) }, { not: Number.NaN }, { not: () => 1 }])
    expect(isTaken({ ...opaque, ...own })).toBe(false);
  for (const sha256 of ["a", `${shaOf("e")}0`, shaOf("E")]) expect(isTaken({ ...opaque, sha256 })).toBe(false);
  expect(isTaken({ module: "./mine.ts" })).toBe(false);
  const sha256 = remember("f");
  expect(isTaken(moduleOf(sha256, { fineTuneEpochs: 3 }))).toBe(true);
  for (const own of [{ fineTuneEpochs: -1 }, { fineTuneEpochs: 3, other: 1 }]) expect(isTaken(moduleOf(sha256, own))).toBe(false);
});

test("a declaration whose setting has no default is refused by the setting's name", () => {
  const { title, about, publication, deviations, rules, needsSingleContributions: flag } = fedAvg;
  const parts = { title, about, publication, deviations, rules, needsSingleContributions: flag, methods: {}, decisions: fedAvg } as const;
  expect(() =>
    declareStrategy({ ...parts, name: "mine", settings: { rate: number(0, 1), other: number(0, 1).default(0) } } as never),
  ).toThrow("strategy mine: settings without a default within their bounds: rate; give each one");
});

test("its rules and its flag count where it is loaded", () => {
  const error = "rounds are odd: give an even number";
  const rules = [{ of: ["numRounds"], path: ["numRounds"], error, holds: ({ numRounds }: typeof base) => numRounds % 2 === 0 }] as const;
  const strategy = moduleOf(remember("1", { rules: rules as never }), { fineTuneEpochs: 0 });
  expect(brokenModuleRules({ ...runWith(strategy), numRounds: 3 })).toMatchObject([{ path: ["numRounds"], error }]);
  expect(brokenModuleRules(runWith(strategy))).toEqual([]);
  expect(needsSingleContributions({ strategy })).toBe(false);
  expect(needsSingleContributions({ strategy: moduleOf(shaOf("2")) })).toBe(true);
  expect(strategyTitle(strategy)).toBe("Mine (mine.ts, SHA-256 111111111111)");
  expect(strategyTitle({ name: "fedAvg" })).toBe("FedAvg");
});
