import { expect, test } from "vitest";
import { parseExperiment } from "./experimentFile.ts";
import { chooseRate, expectedRuns } from "./rates.ts";
import { planExperiment } from "./runPlan.ts";

const rates = { values: [0.3, 0.01, 0.03] };
const experiment = { title: "A", question: "B?", tasks: ["subj"], seeds: [4, 5], methods: ["fedPepTao"], rates };
const plan = planExperiment(parseExperiment(experiment, "mine.yaml"));
const [group] = plan.rateGroups;
if (group === undefined) throw new Error("rates are tried");

/** Results whose test scores would choose otherwise. */
function choose(validations: readonly (number | null)[], errors: readonly (string | null)[] = []) {
  const results = new Map(
    group?.trials.map(({ run }, i) => {
      const final = { global: { score: 1 - (validations[i] ?? 0), accuracy: 0, macroF1: 0, loss: 0 } };
      return [run.id, { bestValidation: validations[i] ?? null, error: errors[i] ?? null, final }];
    }),
  );
  if (group === undefined) throw new Error("rates are tried");
  return chooseRate(group, (id) => results.get(id) ?? null);
}

test("the rate with the best validation score is chosen, whatever its test score", () => {
  const { chosen, tried, seed, method, task } = choose([0.4, 0.6, 0.5]);
  expect({ chosen, seed, method, task }).toEqual({ chosen: 0.01, seed: 4, method: "fedPepTao", task: "subj" });
  expect(tried.map(({ clientLearningRate, validation }) => [clientLearningRate, validation])).toEqual([
    [0.3, 0.4],
    [0.01, 0.6],
    [0.03, 0.5],
  ]);
});

test("of equals the smallest rate is chosen", () => {
  expect(choose([0.6, 0.5, 0.6]).chosen).toBe(0.03);
});

test("a run that failed is not chosen, and without any there is no choice", () => {
  expect(choose([0.9, 0.5, 0.4], ["it broke"]).chosen).toBe(0.01);
  expect(choose([null, null, null]).chosen).toBeNull();
});

test("what is expected follows the choice as soon as all trials of a grid are done", () => {
  const ratesOf = (validations: readonly number[]) => {
    const results = new Map(validations.map((bestValidation, i) => [group?.trials[i]?.run.id ?? "", { bestValidation, error: null }]));
    return expectedRuns(plan, (id) => results.get(id) ?? null).map(({ settings }) => [settings.seed, settings.training.clientLearningRate]);
  };
  const trials = [
    [4, 0.3],
    [4, 0.01],
    [4, 0.03],
  ];
  expect(ratesOf([])).toEqual([...trials, [5, 0.3]]);
  expect(ratesOf([0.4, 0.6])).toEqual([...trials, [5, 0.3]]);
  expect(ratesOf([0.4, 0.6, 0.5])).toEqual([...trials, [5, 0.01]]);
});
