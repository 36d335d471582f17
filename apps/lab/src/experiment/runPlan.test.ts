import { methods, presets } from "@tutti/core";
import { expect, test } from "vitest";
import { parseExperiment } from "./experimentFile.ts";
import { allRuns, distinctRuns, planExperiment } from "./runPlan.ts";

const least = { title: "A", question: "B?", tasks: ["feedback/topic"], seeds: [7], methods: ["fedPepTao"] };
const plan = (change: object) => planExperiment(parseExperiment({ ...least, ...change }, "mine.yaml"));
const finals = (change: object) => plan(change).finalRuns(new Map());

test("runs come task by task, method by method, variant by variant, seed by seed, and always with the same ids", () => {
  const experiment = {
    tasks: ["feedback/topic", "feedback/sentiment"],
    seeds: [7, 8],
    methods: ["fedPepTao", "pTuningV2"],
    grid: { rounds: { path: "numRounds", values: [3, 5] } },
  };
  const runs = finals(experiment);
  expect(runs).toHaveLength(16);
  expect(
    runs.slice(0, 4).map(({ method, task, variant, settings }) => [method, task, variant.rounds, settings.seed, settings.numRounds]),
  ).toEqual([
    ["fedPepTao", "feedback/topic", 3, 7, 3],
    ["fedPepTao", "feedback/topic", 3, 8, 3],
    ["fedPepTao", "feedback/topic", 5, 7, 5],
    ["fedPepTao", "feedback/topic", 5, 8, 5],
  ]);
  expect(runs[4]?.method).toBe("pTuningV2");
  expect(runs[8]?.task).toBe("feedback/sentiment");
  expect(finals(experiment).map(({ id }) => id)).toEqual(runs.map(({ id }) => id));
  expect(new Set(runs.map(({ id }) => id)).size).toBe(16);
});

test("an id follows from what decides the numbers, faults included, and from nothing else", () => {
  const [one] = finals({});
  expect(finals({ title: "other", notes: ["a"], budget: { minutesPerRun: 3 } })[0]?.id).toBe(one?.id);
  const others = [{ seeds: [8] }, { settings: { numRounds: 9 } }, { methods: ["momD"] }, { faults: { seed: 1, drop: 0.1 } }];
  expect(new Set([one?.id, ...others.map((change) => finals(change)[0]?.id)]).size).toBe(5);
});

test("with other rows in an added data set it is another run", () => {
  const experiment = parseExperiment({ ...least, tasks: ["feedback/topic", "subj"] }, "mine.yaml");
  const idsWith = (rows: Record<string, string>) =>
    planExperiment(experiment, { rows: new Map(Object.entries(rows)) })
      .finalRuns(new Map())
      .map(({ id }) => id);
  const [topic, subj] = idsWith({ subj: "00" });
  expect(idsWith({ subj: "00" })).toEqual([topic, subj]);
  expect(idsWith({ subj: "01" })).toEqual([topic, expect.not.stringContaining(subj ?? "")]);
});

test("an id is the same as in results that there are already, so that none is made again", () => {
  const experiment = parseExperiment({ ...least, tasks: ["feedback/topic", "subj"], methods: ["fedPepTao", "lora"] }, "mine.yaml");
  const runs = planExperiment(experiment, { rows: new Map([["subj", "00"]]), sources: new Map([["prompts/minuet/qnli-16.json", "01"]]) });
  expect(runs.finalRuns(new Map()).map(({ id, method, task }) => `${method} ${task} ${id}`)).toEqual([
    "fedPepTao feedback/topic 28d5b89de24d3e73",
    "lora feedback/topic 7ee93aa5c31ced3a",
    "fedPepTao subj a40746669e8b98d8",
    "lora subj 826e52d1100c1bf5",
  ]);
});

test("with another source prompt it is another run of ATTEMPT, and the same of every other method", () => {
  const experiment = parseExperiment({ ...least, tasks: ["subj"], methods: ["attempt", "promptTuning"] }, "mine.yaml");
  const idsWith = (qnli: string) => {
    const hashes = { ag_news: "a", qnli, boolq: "b" };
    const sources = new Map(Object.entries(hashes).map(([name, hash]) => [`prompts/minuet/${name}-16.json`, hash]));
    return planExperiment(experiment, { sources })
      .finalRuns(new Map())
      .map(({ id }) => id);
  };
  const [attempt, promptTuning] = idsWith("c");
  expect(idsWith("c")).toEqual([attempt, promptTuning]);
  expect(idsWith("d")).toEqual([expect.not.stringContaining(attempt ?? ""), promptTuning]);
});

test("in the lab nobody is late and everybody counts, unless the file says otherwise", () => {
  expect(finals({})[0]?.settings).toMatchObject({ deadlineMs: null, quorum: 1, numRounds: presets.default.numRounds });
  expect(finals({ settings: { deadlineMs: 5000, quorum: 0.7 } })[0]?.settings).toMatchObject({ deadlineMs: 5000, quorum: 0.7 });
});

test("every method of the comparison makes a run of the default settings", () => {
  const runs = finals({ methods: Object.keys(methods) });
  expect(runs.map(({ method }) => method)).toEqual(Object.keys(methods));
});

/** The faults that a file is refused for, a line each. */
function faultsOf(change: object): string[] {
  try {
    plan(change);
  } catch (error) {
    return error instanceof Error ? error.message.split("\n").slice(1) : [String(error)];
  }
  return [];
}

test("a path that is not there is refused with the part of the file, the whole path that may be meant and the runs", () => {
  const selector = { path: "strategy.selector", values: ["score"] };
  const epochs = { path: "localEpochs", values: [1, 2] };
  expect(faultsOf({ methods: ["pTuningV2", "fedPepTao"], grid: { selector, epochs } })).toEqual([
    '  grid.selector: strategy.selector: this setting exists only where strategy.name is fedPepTao; strategy.name is "fedAvg": leave the setting out, or change strategy.name (P-tuning v2 on feedback/topic)',
    "  grid.epochs: localEpochs: there is no setting of this name; did you mean training.localEpochs? (P-tuning v2 on feedback/topic and 1 more)",
  ]);
  expect(faultsOf({ settings: { cohortSize: 50 } })).toEqual([
    "  settings: cohortSize: found 50; cohortSize is above numDevices: lower it, or give more devices (FedPepTAO on feedback/topic)",
  ]);
  expect(faultsOf({ tasks: ["weather", "feedback/topics"] })).toEqual([
    expect.stringMatching(/^ {2}tasks\.0: there is no task "weather"; the tasks are/),
    expect.stringMatching(/^ {2}tasks\.1: there is no task "feedback\/topics"; the tasks are/),
  ]);
});

test("faults of tasks, methods and axes are told together, each with its place", () => {
  const tasks = [{ name: "subj", set: { "training.epochs": 5, "numRounds.x": 3 } }, "feedback/topic"];
  const methods = [{ name: "lora", set: { "tuning.rank": "8" } }];
  const grid = { data: { values: [{ label: "a", set: { partition: { kind: "idd" } } }] } };
  expect(faultsOf({ tasks, methods, grid })).toEqual([
    "  tasks.0.set: numRounds: found names and values, expected a whole number from 1 to 100000 (subj)",
    "  tasks.0.set: training.epochs: there is no setting of this name; did you mean training.localEpochs? (subj)",
    '  grid.data.values.0.set: partition.kind: found "idd", expected one of dirichletLabel, dirichletQuantity, iid, byField; did you mean iid? (LoRA on subj and 1 more)',
    '  methods.0.set: tuning.rank: found "8", expected a whole number from 1 to 4096; write 8 without quotes (LoRA on subj and 1 more)',
  ]);
});

test("misspelt names in settings are refused with whole paths, and dotted ones with how to write them", () => {
  const refused = (settings: object, sentence: string | RegExp) => expect(() => finals({ settings })).toThrow(sentence);
  refused(
    { devicesPerRound: 3 },
    /\n {2}settings\.devicesPerRound: there is no setting of this name; expected one of seed, .*cohortSize, /,
  );
  refused(
    { training: { localEpoch: 2 } },
    "settings.training.localEpoch: there is no setting of this name; did you mean settings.training.localEpochs?",
  );
  refused(
    { "training.localEpochs": 3 },
    '  settings."training.localEpochs": there is no setting of this name; write training: { localEpochs: 3 }',
  );
});

test("what follows the number of devices follows it from settings, tasks, methods and axes, unless it is asked for", () => {
  const sizes = (change: object) =>
    finals(change).map(({ settings: { numDevices, cohortSize, minDevices } }) => [numDevices, cohortSize, minDevices]);
  expect(sizes({ settings: { numDevices: 4 } })).toEqual([[4, 4, 4]]);
  expect(sizes({ tasks: [{ name: "subj", set: { numDevices: 4 } }] })).toEqual([[4, 4, 4]]);
  expect(sizes({ methods: [{ name: "lora", set: { numDevices: 4 } }] })).toEqual([[4, 4, 4]]);
  expect(sizes({ methods: ["settings"], grid: { devices: { path: "numDevices", values: [2, 40] } } })).toEqual([
    [2, 2, 2],
    [40, 6, 6],
  ]);
  // what was cut for few devices is not kept for more
  const axis = { devices: { path: "numDevices", values: [3, 30] } };
  expect(sizes({ settings: { numDevices: 2 }, grid: axis })).toEqual([
    [3, 3, 3],
    [30, 6, 6],
  ]);
  expect(sizes({ settings: { cohortSize: 25 }, grid: { devices: { path: "numDevices", values: [25, 30] } } })).toEqual([
    [25, 25, 6],
    [30, 25, 6],
  ]);
  expect(sizes({ methods: ["pooled"], settings: { numDevices: 4, cohortSize: 3 } })).toEqual([[1, 1, 1]]);
  expect(faultsOf({ settings: { cohortSize: 3 }, grid: axis, methods: [{ name: "lora", set: { cohortSize: 9 } }] })).toEqual([
    "  methods.0.set: cohortSize: found 9; cohortSize is above numDevices: lower it, or give more devices (LoRA on feedback/topic)",
  ]);
});

test("what a method derives from a setting follows it from an axis and from the method's entry too", () => {
  const epochs = (change: object) =>
    finals(change).map(({ settings: { training, strategy } }) => [
      training.localEpochs,
      "fineTuneEpochs" in strategy && strategy.fineTuneEpochs,
    ]);
  const name = "pTuningV2FineTuned";
  expect(epochs({ methods: [name], grid: { epochs: { path: "training.localEpochs", values: [3, 7] } } })).toEqual([
    [3, 3],
    [7, 7],
  ]);
  expect(epochs({ methods: [{ name, set: { "training.localEpochs": 5 } }] })).toEqual([[5, 5]]);
  expect(epochs({ methods: [{ name, set: { "training.localEpochs": 5, "strategy.fineTuneEpochs": 9 } }] })).toEqual([[5, 9]]);
});

test("an axis for some methods or tasks leaves the others one run without it", () => {
  const keepFraction = { path: "strategy.keepFraction", values: [0.5, 1], methods: ["fedPepTao"] };
  const partition = {
    values: [
      { label: "IID", set: { partition: { kind: "iid" } } },
      { label: "by domain", set: { partition: { kind: "byField" } }, tasks: ["feedback/topic"] },
    ],
  };
  const runs = finals({ methods: ["fedPepTao", "pTuningV2"], tasks: ["feedback/topic", "subj"], grid: { keepFraction, partition } });
  expect(runs.map(({ method, task, variant }) => `${method} ${task} ${Object.values(variant).join(" ")}`)).toEqual([
    "fedPepTao feedback/topic 0.5 IID",
    "fedPepTao feedback/topic 0.5 by domain",
    "fedPepTao feedback/topic 1 IID",
    "fedPepTao feedback/topic 1 by domain",
    "pTuningV2 feedback/topic IID",
    "pTuningV2 feedback/topic by domain",
    "fedPepTao subj 0.5 IID",
    "fedPepTao subj 1 IID",
    "pTuningV2 subj IID",
  ]);
  expect(runs[0]?.settings.partition).toEqual({ kind: "iid" });
});

test("every method tries the same rates on one seed, and all its seeds then run with the chosen one", () => {
  const { rateGroups, finalRuns } = plan({ methods: ["fedPepTao", "promptTuning"], seeds: [7, 8, 9], rates: { values: [0.02, 0.3] } });
  expect(
    rateGroups.map(({ method, seed, trials }) => [method, seed, trials.map(({ run }) => run.settings.training.clientLearningRate)]),
  ).toEqual([
    ["fedPepTao", 7, [0.02, 0.3]],
    ["promptTuning", 7, [0.02, 0.3]],
  ]);
  const [first, second] = rateGroups;
  const runs = finalRuns(
    new Map([
      [first?.key ?? "", 0.3],
      [second?.key ?? "", 0.02],
    ]),
  );
  expect(runs.map(({ settings }) => settings.training.clientLearningRate)).toEqual([0.3, 0.3, 0.3, 0.02, 0.02, 0.02]);
  // the trial with the chosen rate is the run of that seed
  expect(runs[0]?.id).toBe(first?.trials[1]?.run.id);
  expect(allRuns({ ...plan({ methods: ["fedPepTao"], seeds: [7, 8], rates: { values: [0.02, 0.3] } }) })).toHaveLength(3);
});

test("a method may try rates of its own, or take over another's choice", () => {
  const methods = ["pTuningV2", { name: "lora", rates: [0.001, 0.002] }, { name: "fedProx", ratesOf: "pTuningV2" }];
  const { rateGroups, finalRuns } = plan({ methods, rates: { values: [0.02, 0.3] } });
  expect(rateGroups.map(({ method, trials }) => [method, trials.map(({ clientLearningRate }) => clientLearningRate)])).toEqual([
    ["pTuningV2", [0.02, 0.3]],
    ["lora", [0.001, 0.002]],
  ]);
  const runs = finalRuns(new Map(rateGroups.map(({ key, trials }) => [key, trials[1]?.clientLearningRate ?? null])));
  expect(runs.map(({ method, settings }) => [method, settings.training.clientLearningRate])).toEqual([
    ["pTuningV2", 0.3],
    ["lora", 0.002],
    ["fedProx", 0.3],
  ]);
});

test("a task may have settings of its own, which methods start from", () => {
  const tasks = [{ name: "feedback/topic", set: { "training.localEpochs": 5 } }, "subj"];
  const runs = finals({ tasks, methods: ["pTuningV2FineTuned"] });
  expect(runs.map(({ settings: { training, strategy } }) => [training.localEpochs, strategy])).toEqual([
    [5, { name: "fedAvg", fineTuneEpochs: 5 }],
    [2, { name: "fedAvg", fineTuneEpochs: 2 }],
  ]);
  expect(() => finals({ tasks: [{ name: "subj", set: { "training.epochs": 5 } }] })).toThrow(
    "tasks.0.set: training.epochs: there is no setting of this name",
  );
});

test("rates may be chosen on one task for all, and once for all variants of a method", () => {
  const grid = { selector: { path: "strategy.selector", values: ["l1", "l2"] } };
  const rates = { values: [0.02, 0.3], task: "subj" };
  const tasks = ["feedback/topic", "subj"];
  expect(plan({ tasks, grid, rates }).rateGroups.map(({ task, trials }) => [task, trials.length])).toEqual([
    ["subj", 2],
    ["subj", 2],
  ]);
  expect(plan({ tasks, grid, rates: { ...rates, eachVariant: false } }).rateGroups).toHaveLength(1);
  expect(() => plan({ rates })).toThrow(/rates\.task: found subj, on which fedPepTao/);
});

test("ATTEMPT goes without the sources that share text with the task", () => {
  const sources = (task: string) => {
    const tuning = finals({ methods: ["attempt"], tasks: [task] })[0]?.settings.tuning;
    return tuning?.method === "attempt" ? tuning.sources : [];
  };
  expect(sources("subj")).toEqual(["ag_news", "qnli", "boolq"]);
  expect(sources("qnli")).toEqual(["ag_news", "boolq"]);
});

test("a note says where ATTEMPT mixes fewer sources than it names, and why, once for all its runs", () => {
  const grid = { rounds: { path: "numRounds", values: [3, 5] } };
  const few = { name: "attempt", title: "ATTEMPT of two", set: { "tuning.sources": ["sst2", "ag_news"] } };
  const { notes } = plan({ tasks: ["subj", "qnli"], methods: ["attempt", "lora", few], seeds: [7, 8], grid });
  expect(notes).toEqual([
    "On subj, ATTEMPT of two mixes only ag_news: sst2 cannot be a source for subj: 397 of subj's 2000 test texts are also in sst2's training part.",
    "On qnli, ATTEMPT mixes only ag_news and boolq: qnli cannot be a source for qnli: both belong to the same data set.",
  ]);
  expect(plan({ tasks: ["subj"], methods: ["attempt"] }).notes).toEqual([]);
});

test("of runs with one id the first stays, in its place", () => {
  const [a, b] = finals({ seeds: [1, 2] });
  if (a === undefined || b === undefined) throw new Error("two runs were planned");
  expect(distinctRuns([a, b, { ...a, isRateTrial: true }])).toEqual([a, b]);
});

test("a task whose answers are texts has a backbone and a head that fit, unless the file gives others, and its main score is of texts", () => {
  const [topic, replies] = finals({ tasks: ["feedback/topic", "replies"], methods: ["lora"] });
  expect(topic).toMatchObject({ metric: "accuracy", settings: { backbone: "minuet", tuning: { head: "linear" } } });
  expect(replies).toMatchObject({
    metric: "rougeL",
    settings: { task: "replies", backbone: "etude", tuning: { method: "lora", head: "labelWords" } },
  });
  const given = {
    tasks: [{ name: "replies", set: { backbone: "concerto", generation: { numAnswers: 0 } } }],
    settings: { backbone: "minuet" },
  };
  expect(finals(given)[0]).toMatchObject({ metric: "tokenAccuracy", settings: { backbone: "concerto" } });
});

test("a method with its own tasks runs on those alone, and a task that the file does not have is named", () => {
  const experiment = {
    tasks: ["feedback/topic", "replies"],
    methods: ["lora", { name: "ffaLora", tasks: ["replies"] }],
  };
  expect(finals(experiment).map(({ method, task }) => `${method} on ${task}`)).toEqual([
    "lora on feedback/topic",
    "lora on replies",
    "ffaLora on replies",
  ]);
  const lora = (task: string, rate: number) => ({ name: "lora", tasks: [task], set: { "training.clientLearningRate": rate } });
  const apart = finals({ ...experiment, methods: [lora("feedback/topic", 0.1), lora("replies", 0.2)] });
  expect(apart.map(({ task, settings }) => [task, settings.training.clientLearningRate])).toEqual([
    ["feedback/topic", 0.1],
    ["replies", 0.2],
  ]);
  const tried = {
    ...experiment,
    methods: [
      { name: "lora", tasks: ["replies"] },
      { name: "ffaLora", ratesOf: "lora" },
    ],
    rates: { values: [0.1] },
  };
  expect(() => plan(tried)).toThrow(
    "methods: FFA-LoRA on feedback/topic takes over the rate of a method that does not run there; add feedback/topic to that method's tasks",
  );
  expect(() => plan({ ...experiment, tasks: ["feedback/topic"] })).toThrow(
    "methods.1.tasks.0: found replies, expected one of the file's tasks: feedback/topic",
  );
});
