import { join } from "node:path";
import { expect, test } from "vitest";
import { experimentsFolder, presetNames } from "../main/options.ts";
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

test("an unknown name is refused with the names that there are", () => {
  expect(faultsOf({ method: ["fedPepTao"] })).toMatch(
    /mine\.yaml is no experiment:\n {2}method: there is no such name; expected one of title, .*methods/,
  );
  expect(faultsOf({ faults: { seed: 1, dropp: 0.1 } })).toMatch(/faults\.dropp: there is no such name; expected one of seed, drop, slow/);
});

test("an entry that is an object is refused for what is wrong inside it, with the names that there are", () => {
  expect(faultsOf({ methods: [{ name: "lora", ratesOf: "pTuningV3" }] })).toMatch(
    /\n {2}methods\.0\.ratesOf: Invalid option: expected one of .*"pTuningV2".*; found "pTuningV3"$/,
  );
  expect(faultsOf({ methods: ["lora", { name: "lora", ranks: [1], ratesOf: 3 }] })).toContain(
    "methods.1.ranks: there is no such name; expected one of name, title, set, rates, ratesOf",
  );
  expect(faultsOf({ rates: { value: [0.1], values: [0.1] } })).toContain(
    "rates.value: there is no such name; expected one of values, seed, task, eachVariant",
  );
  expect(faultsOf({ budget: { maxRun: 3 } })).toContain("expected one of maxRuns, minutesPerRun, minutesPerStep");
  expect(faultsOf({ tasks: [{ name: "subj", sets: {} }] })).toContain("tasks.0.sets: there is no such name; expected one of name, set");
  expect(
    faultsOf({ grid: { a: { path: "numRounds", value: [3], values: [{ label: 3, sets: {} }] } } })
      .split("\n")
      .slice(1),
  ).toEqual([
    "  grid.a.values.0.set: Invalid input: expected record, received undefined; found nothing",
    "  grid.a.values.0.sets: there is no such name; expected one of label, set, methods, tasks",
    "  grid.a.value: there is no such name; expected one of path, values, methods, tasks",
  ]);
});

test("every fault has a line that says where, what was expected and what was found", () => {
  const lines = faultsOf({ seeds: [], methods: ["fedPeptao"], tabsPerRun: 0, rates: { values: [-1] } }).split("\n");
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/seeds: .*; found \[\]/);
  expect(lines[2]).toMatch(/methods\.0: expected a method.*fedPepTao, .*pTuningV2FineTuned; found "fedPeptao"/);
  expect(lines[3]).toMatch(/rates\.values\.0: .*; found -1/);
  expect(lines[4]).toMatch(/tabsPerRun: .*; found 0/);
});

test("an axis of plain values needs to know what they are given to", () => {
  expect(faultsOf({ grid: { selector: { values: ["score"] } } })).toContain("grid.selector: a plain value needs the axis to have a path");
});

test("no method tries more rates than another, and one takes them over from a method that chooses", () => {
  const rates = { values: [0.01, 0.03] };
  const given = (...more: object[]) => faultsOf({ rates, methods: ["pTuningV2", ...more] });
  expect(given({ name: "lora", rates: [0.001, 0.002] }, { name: "fedProx", ratesOf: "pTuningV2" })).toBe("");
  expect(given({ name: "lora", rates: [0.001] })).toContain("methods.1.rates: found 1, expected 2, as many as every method tries");
  expect(given({ name: "fedProx", ratesOf: "lora" })).toContain("methods.1.ratesOf: lora is not among the methods that choose a rate");
  expect(given({ name: "lora", rates: [1, 2], ratesOf: "pTuningV2" })).toContain("methods.1: give rates or ratesOf, not both");
  expect(faultsOf({ methods: [{ name: "lora", rates: [1] }] })).toContain("rates of a method need the experiment's rates");
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
    "mine.yaml is no experiment:",
    "  seeds.2: found 4, which seeds.0 is already; each counts once: leave it out",
    "  rates.values.2: found 0.03, which rates.values.1 is already; each counts once: leave it out",
    "  methods.1.rates.2: found 0.2, which methods.1.rates.0 is already; each counts once: leave it out",
    "  tasks.2: found subj, which tasks.0 is already; a task has one entry: leave it out, or make an axis of what differs",
    '  methods.1: found lora titled "LoRA", which methods.0 is already; give one a title of its own, or leave it out',
    "  grid.rounds.values.1: found 3, which grid.rounds.values.0 is already; give one a label of its own, or leave it out",
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
    ...["settings", "methods.1.set", "tasks.1.set", "grid.rate.path", "grid.batch.values.1.set"],
  ]);
  expect(lines[1]).toContain("found training.clientLearningRate, which the chosen one of rates takes the place of; leave out it or rates");
  expect(faultsOf({ settings: training, methods: [{ name: "lora", set: rate }] })).toBe("");
  expect(faultsOf({ rates, settings: { training: { batchSize: 4 } } })).toBe("");
});

test("an axis is for tasks and methods that the file has", () => {
  const axis = { path: "training.localEpochs", values: [1, 2, 4] };
  const tasks = ["feedback/topic", { name: "subj" }];
  expect(
    faultsOf({ tasks, grid: { epochs: { ...axis, tasks: ["subj", "feedback/topik"], methods: ["lora", "fedPepTao"] } } }).split("\n"),
  ).toEqual([
    "mine.yaml is no experiment:",
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

test("every built-in experiment holds, and has a title and runs", () => {
  expect(presetNames()).toEqual([
    ...["held-out", "layer-selection", "non-iid", "optimizer-ablation", "paper", "peft-comparison", "scaling", "smoke", "tradeoff"],
  ]);
  for (const name of presetNames()) {
    const { experiment } = readExperiment(join(experimentsFolder, `${name}.yaml`));
    const runs = allRuns(planExperiment(experiment));
    expect(runs.length, name).toBeGreaterThan(1);
    expect(new Set(runs.map(({ id }) => id)).size, name).toBe(runs.length);
  }
});
