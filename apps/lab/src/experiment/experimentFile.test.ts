import { join } from "node:path";
import { expect, test } from "vitest";
import { experimentsFolder, presetNames } from "../run/options.ts";
import { parseExperiment, readExperiment } from "./experimentFile.ts";
import { allRuns, planExperiment } from "./runPlan.ts";

const least = { title: "A", question: "B?", tasks: ["feedback/topic"], seeds: [1], methods: ["fedPepTao"] };
const faultsOf = (change: object): string => {
  try {
    parseExperiment({ ...least, ...change }, "mine.yaml");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
};

test("what is left out has a default", () => {
  const { base, grid, tabsPerRun, budget, backend } = parseExperiment(least, "mine.yaml");
  expect({ base, grid, tabsPerRun, backend }).toEqual({ base: "default", grid: {}, tabsPerRun: 1, backend: "auto" });
  expect(budget).toEqual({ minutesPerRun: 60, minutesPerStep: 10 });
});

test("an unknown name is refused with the whole paths of those that may be meant, or with the names that there are", () => {
  expect(faultsOf({ method: ["fedPepTao"] })).toBe(
    "mine.yaml is not a valid experiment:\n  method: there is no setting of this name; did you mean methods or settings.tuning.method?",
  );
  expect(faultsOf({ faults: { seed: 1, dropp: 0.1 } })).toContain(
    "  faults.dropp: there is no setting of this name; did you mean faults.drop?",
  );
  expect(faultsOf({ weather: 1 })).toMatch(/ {2}weather: there is no setting of this name; expected one of title, .*methods/);
  expect(
    faultsOf({ localEpochs: 3, settings: { tabsPerRun: 2, localEpochs: 3 } })
      .split("\n")
      .slice(1),
  ).toEqual([
    "  localEpochs: there is no setting of this name; did you mean settings.training.localEpochs?",
    "  settings.tabsPerRun: there is no setting of this name; did you mean tabsPerRun?",
    "  settings.localEpochs: there is no setting of this name; did you mean settings.training.localEpochs?",
  ]);
});

test("an entry that is an object is refused for what is wrong inside it", () => {
  expect(faultsOf({ methods: [{ name: "lora", ratesOf: "pTuningV3" }] })).toMatch(
    /\n {2}methods\.0\.ratesOf: found "pTuningV3", expected one of settings, fedPepTao, .*; did you mean pTuningV2\?$/,
  );
  expect(faultsOf({ methods: ["lora", { name: "lora", rate: [1], ratesOf: 3 }] })).toContain(
    "  methods.1.rate: there is no setting of this name; did you mean methods.1.rates?",
  );
  expect(faultsOf({ rates: { value: [0.1], values: [0.1] } })).toContain(
    "  rates.value: there is no setting of this name; did you mean rates.values?",
  );
  expect(faultsOf({ budget: { maxRun: 3 } })).toContain("  budget.maxRun: there is no setting of this name; did you mean budget.maxRuns?");
  expect(faultsOf({ tasks: [{ name: "subj", sets: {} }] })).toContain(
    "  tasks.0.sets: there is no setting of this name; did you mean tasks.0.set?",
  );
  expect(
    faultsOf({ grid: { a: { path: "numRounds", value: [3], values: [{ label: 3, sets: {} }] } } })
      .split("\n")
      .slice(1),
  ).toEqual([
    "  grid.a.values.0.set: not given, expected settings by dotted path, such as { training.localEpochs: 3 }",
    "  grid.a.values.0.sets: there is no setting of this name; did you mean grid.a.values.0.set?",
    "  grid.a.value: there is no setting of this name; did you mean grid.a.values?",
  ]);
});

test("every fault has a line that says where, what was found and what was expected", () => {
  const settings = { quorum: 4, training: { localEpochs: "two" }, strategy: { name: "fedOpt", tao: 3 } };
  const lines = faultsOf({ seeds: [], methods: ["fedPeptao"], tabsPerRun: 0, rates: { values: [-1] }, settings }).split("\n");
  expect(lines.slice(0, 5)).toEqual([
    "mine.yaml is not a valid experiment:",
    "  seeds: found an empty list, expected a list that is not empty, each a whole number from 0 to 4294967295",
    expect.stringMatching(/^ {2}methods\.0: found "fedPeptao", expected a method or .*fedPepTao, .*; did you mean fedPepTao\?$/),
    "  rates.values.0: found -1, expected a number above 0 and at most 10",
    "  tabsPerRun: found 0, expected a whole number from 1 to 64",
  ]);
  expect(lines.slice(5).filter((line) => !line.includes("not given"))).toEqual([
    "  settings.quorum: found 4, expected a number from 0 to 1",
    '  settings.training.localEpochs: found "two", expected a whole number from 1 to 1000',
    "  settings.strategy.tao: there is no setting of this name; did you mean settings.strategy.tau?",
  ]);
});

test("faults of several kinds are told together", () => {
  const lines = faultsOf({ seeds: [1, 1], grid: { a: { values: [1] } }, methods: [{ name: "lora", rates: [1] }], settings: { quorum: 2 } });
  expect(lines.split("\n").slice(1)).toEqual([
    "  settings.quorum: found 2, expected a number from 0 to 1",
    "  seeds.1: found 1, the same as seeds.0; remove it: each counts once",
    "  grid.a: plain values need a path, such as path: strategy.selector",
    "  methods.0: found rates of a method, but the experiment has none; add rates, whose values the other methods try",
  ]);
});

test("an axis of plain values needs to know what they are given to", () => {
  expect(faultsOf({ grid: { selector: { values: ["score"] } } })).toContain(
    "grid.selector: plain values need a path, such as path: strategy.selector",
  );
});

test("no method tries more rates than another, and one takes them over from a method that chooses", () => {
  const rates = { values: [0.01, 0.03] };
  const given = (...more: object[]) => faultsOf({ rates, methods: ["pTuningV2", ...more] });
  expect(given({ name: "lora", rates: [0.001, 0.002] }, { name: "fedProx", ratesOf: "pTuningV2" })).toBe("");
  expect(given({ name: "lora", rates: [0.001] })).toContain("methods.1.rates: found 1, expected 2, as many as rates.values");
  expect(given({ name: "fedProx", ratesOf: "lora" })).toContain(
    "methods.1.ratesOf: found lora, expected a method of this file that chooses its own rate",
  );
  expect(given({ name: "lora", rates: [1, 2], ratesOf: "pTuningV2" })).toContain("methods.1: give rates or ratesOf, not both");
  expect(faultsOf({ methods: [{ name: "lora", rates: [1] }] })).toContain("found rates of a method, but the experiment has none");
});

test("what is given twice is refused, with both places and what to do", () => {
  const lines = faultsOf({
    seeds: [4, 5, 4],
    tasks: ["subj", "trec", { name: "subj", set: { numRounds: 7 } }],
    methods: ["lora", { name: "lora", set: { "tuning.rank": 3 }, rates: [0.2, 0.3, 0.2] }],
    grid: { rounds: { path: "numRounds", values: [3, { label: "3", set: { numRounds: 5 } }, 5] } },
    rates: { values: [0.01, 0.03, 0.03] },
  }).split("\n");
  expect(lines).toEqual([
    "mine.yaml is not a valid experiment:",
    "  seeds.2: found 4, the same as seeds.0; remove it: each counts once",
    "  rates.values.2: found 0.03, the same as rates.values.1; remove it: each counts once",
    "  methods.1.rates.2: found 0.2, the same as methods.1.rates.0; remove it: each counts once",
    "  tasks.2: found subj, the same as tasks.0; remove it, or put what differs into an axis of grid",
    '  methods.1: found lora titled "LoRA", the same as methods.0; give it another title or other tasks, or remove it',
    "  grid.rounds.values.1: found 3, the same as grid.rounds.values.0; give it another label, or remove it",
  ]);
});

test("a method may come again under another title", () => {
  const [name, set] = ["settings", { numRounds: 7 }];
  expect(faultsOf({ methods: ["settings", { name, title: "seven rounds", set }, { name, title: "five rounds" }] })).toBe("");
  expect(faultsOf({ methods: ["settings", { name, set }] })).toContain('methods.1: found settings titled "These settings"');
});

test("a device rate beside rates is refused wherever it is given, since the chosen one would take its place", () => {
  const rates = { values: [0.01, 0.03] };
  const rate = { "training.clientLearningRate": 0.2 };
  const training = { training: { clientLearningRate: 0.2 } };
  const lines = faultsOf({
    rates,
    settings: training,
    tasks: ["trec", { name: "subj", set: training }],
    methods: ["lora", { name: "fedPepTao", set: rate }],
    grid: {
      rate: { path: "training.clientLearningRate", values: [0.2, 0.3] },
      batch: {
        values: [
          { label: "small", set: { "training.batchSize": 4 } },
          { label: "fast", set: rate },
        ],
      },
    },
  }).split("\n");
  expect(lines.slice(1).map((line) => line.trim().split(":")[0])).toEqual([
    "settings",
    "methods.1.set",
    "tasks.1.set",
    "grid.rate.path",
    "grid.batch.values.1.set",
  ]);
  expect(lines[1]).toContain("found training.clientLearningRate, but rates chooses it; remove one of the two");
  expect(faultsOf({ settings: training, methods: [{ name: "lora", set: rate }] })).toBe("");
  expect(faultsOf({ rates, settings: { training: { batchSize: 4 } } })).toBe("");
});

test("an axis is for tasks and methods that the file has", () => {
  const axis = { path: "training.localEpochs", values: [1, 2, 4] };
  const tasks = ["feedback/topic", { name: "subj" }];
  expect(
    faultsOf({ tasks, grid: { epochs: { ...axis, tasks: ["subj", "feedback/topik"], methods: ["lora", "fedPepTao"] } } }).split("\n"),
  ).toEqual([
    "mine.yaml is not a valid experiment:",
    "  grid.epochs.tasks.1: found feedback/topik, expected one of the file's tasks: feedback/topic, subj",
    "  grid.epochs.methods.0: found lora, expected one of the file's methods: fedPepTao",
  ]);
  const data = {
    values: [
      { label: "IID", set: {}, tasks: ["trec"] },
      { label: "α 1", set: {}, methods: ["settings"] },
    ],
  };
  expect(faultsOf({ grid: { data } }).split("\n").slice(1)).toEqual([
    "  grid.data.values.0.tasks.0: found trec, expected one of the file's tasks: feedback/topic",
    "  grid.data.values.1.methods.0: found settings, expected one of the file's methods: fedPepTao",
  ]);
  expect(faultsOf({ tasks, grid: { epochs: { ...axis, tasks: ["subj"] } } })).toBe("");
});

test("every built-in experiment holds, and has a title and runs", async () => {
  expect(presetNames()).toEqual([
    "fleets",
    "held-out",
    "layer-selection",
    "non-iid",
    "optimizer-ablation",
    "paper",
    "peft-comparison",
    "poisoning",
    "robustness",
    "scaling",
    "smoke",
    "systems",
    "tradeoff",
  ]);
  for (const name of presetNames()) {
    const { experiment } = await readExperiment(join(experimentsFolder, `${name}.yaml`));
    const runs = allRuns(planExperiment(experiment));
    expect(runs.length, name).toBeGreaterThan(1);
    expect(new Set(runs.map(({ id }) => id)).size, name).toBe(runs.length);
  }
});
