import { expect, test } from "vitest";
import { loadDataset } from "./dataset.ts";
import { labelsTask, labelsTaskName, maxKeptBack, rememberLabels, withKeptBack } from "./labelsTask.ts";
import { findTask } from "./tasks.ts";

const labels = [
  { name: "happy", word: "happy" },
  { name: "Très triste!", word: "sad" },
];

test("labels make a task whose texts no file has", async () => {
  const task = labelsTask({ task: labelsTaskName(labels), labels });
  expect(task).toMatchObject({ name: "labels/happy.tr-s-triste", title: "happy or Très triste!?", classes: ["happy", "Très triste!"] });
  expect(task.prompts).toEqual([{ template: "{text} it was {mask} .", labelWords: ["happy", "sad"] }]);
  const nothing = { train: [], validation: [], test: [] };
  expect(await loadDataset(task, () => Promise.reject(new Error("no file is asked for")))).toEqual(nothing);
});

test("names stay short, and labels without a Latin letter have one too", () => {
  expect(labelsTaskName([{ name: "x".repeat(90) }, { name: "y" }])).toBe(`labels/${"x".repeat(40)}`);
  expect(labelsTaskName([{ name: "嬉" }, { name: "悲" }])).toBe("labels/own");
});

test("a run's labels are known by its task's name, and another run's take their place", () => {
  rememberLabels({ task: "labels/a.b", labels });
  expect(findTask("labels/a.b")).toMatchObject({ classes: ["happy", "Très triste!"] });
  rememberLabels({ task: "feedback/topic" });
  expect(findTask("feedback/topic")).toMatchObject({ classes: ["delivery", "quality", "service", "price"] });
});

test("every fifth typed example stays back, and no more than a fourth of what is trained on", () => {
  const typed = Array.from({ length: 12 }, (_, i) => i + 1);
  expect(withKeptBack(typed)).toEqual({ train: [1, 2, 3, 4, 6, 7, 8, 9, 11, 12], keptBack: [5, 10] });
  for (let count = 1; count <= 60; count++) {
    const { train, keptBack } = withKeptBack(Array.from({ length: count }, (_, i) => i));
    expect(keptBack.length).toBe(Math.floor(count / 5));
    expect(keptBack.length).toBeLessThanOrEqual(maxKeptBack(train.length));
    expect(maxKeptBack(train.length) - keptBack.length).toBeLessThanOrEqual(1);
  }
});
