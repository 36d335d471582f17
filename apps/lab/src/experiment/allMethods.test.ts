import { fileURLToPath } from "node:url";
import { methodNames, methods } from "@tutti/core";
import { expect, test } from "vitest";
import { parseExperiment, readExperiment } from "./experimentFile.ts";
import { allRuns, planExperiment } from "./runPlan.ts";

const least = { title: "A", question: "B?", tasks: ["feedback/topic"], seeds: [7] };
const methodsOf = (methods: readonly unknown[], more: object = {}) => parseExperiment({ ...least, methods, ...more }, "mine.yaml").methods;
const rates = { values: [0.1, 0.2, 0.3] };

test("all is every method of the comparison in its order, and settings only where the file says so", () => {
  expect(methodsOf(["all"])).toEqual(methodNames);
  expect(methodsOf(["all", "settings"])).toEqual([...methodNames, "settings"]);
  expect(methodsOf(["settings", "all"])).toEqual(["settings", ...methodNames]);
});

test("a method that the file lists by name keeps its entries beside all", () => {
  const entries = [
    { name: "lora", set: { "tuning.rank": 3 }, title: "small" },
    { name: "lora", title: "usual" },
  ];
  const found = methodsOf([entries[1], "all", entries[0]]);
  expect(found).toHaveLength(methodNames.length + 1);
  const at = methodNames.indexOf("lora");
  expect(found.slice(at - 1, at + 3)).toEqual([methodNames[at - 1], { ...entries[1], set: {} }, entries[0], methodNames[at + 1]]);
});

test("where rates are tried, each method of all tries those that its declaration gives, if it gives that number", () => {
  const three = methodsOf(["all"], { rates });
  expect(three.find((one) => typeof one !== "string" && one.name === "scaffold")).toEqual({
    name: "scaffold",
    set: {},
    rates: [0.1, 0.3, 1],
  });
  expect(three.find((one) => typeof one !== "string" && one.name === "fedProx")).toEqual({
    name: "fedProx",
    set: {},
    ratesOf: "pTuningV2",
  });
  const two = methodsOf(["all"], { rates: { values: [0.1, 0.2] } });
  expect(two).toContain("scaffold");
});

test("the preset peft-comparison runs every method of the comparison on each of its tasks, within its budget", async () => {
  const file = fileURLToPath(new URL("../../experiments/peft-comparison.yaml", import.meta.url));
  const { experiment } = await readExperiment(file);
  const plan = planExperiment(experiment);
  const cells = plan.cells.map(({ method, task }) => `${method} ${task}`);
  const tasks = ["feedback/topic", "sst2", "mr", "subj", "trec"];
  expect(cells).toEqual(tasks.flatMap((task) => methodNames.map((name) => `${name} ${task}`)));
  expect(allRuns(plan).length).toBeLessThanOrEqual(experiment.budget.maxRuns ?? 0);
  for (const { method, rateKey } of plan.cells) {
    const { rates: own } = methods[method as keyof typeof methods];
    if (own !== undefined && "of" in own) expect(rateKey, method).toContain(own.of);
  }
});
