import { expect, test } from "vitest";
import { seenLabelWords } from "./labelWords.ts";
import { knownOverlaps, refuseOverlap } from "./overlaps.ts";
import { normalisedText, sharedText } from "./sharedText.ts";
import { partialNote, taskSources } from "./sources.ts";
import { classificationTasks, findClassification, tasks } from "./tasks.ts";

const example = (text: string, textB?: string) => ({ text, label: 0, ...(textB === undefined ? {} : { textB }) });

test("tokenised and plain forms of a sentence are the same text, other words are not", () => {
  expect(normalisedText("It 's a Charming journey .")).toBe(normalisedText("it's a charming journey"));
  expect(normalisedText("ﬁlm noir №1")).toBe("filmnoirno1");
  expect(normalisedText("été")).not.toBe(normalisedText("ete"));
});

test("test rows are counted once whichever of their texts the training part holds", () => {
  const train = [example("One .", "two"), example("three"), example("...")];
  const held = [example("TWO"), example("x", "three!"), example("one", "two"), example("four"), example("?"), example("two")];
  expect(sharedText(train, held)).toEqual({ numShared: 4, numTest: 6 });
  expect(sharedText([], held)).toEqual({ numShared: 0, numTest: 6 });
});

test("a source prompt is never trained where the test texts stand", () => {
  expect(() => refuseOverlap("sst2", "mr")).toThrow(
    "sst2 cannot be a source for mr: 1086 of mr's 2000 test texts are also in sst2's training part",
  );
  expect(() => refuseOverlap("mr", "subj")).toThrow("563 of subj's 2000");
  expect(() => refuseOverlap("feedback/topic", "feedback/sentiment")).toThrow("both belong to the same data set");
  expect(() => refuseOverlap("rte", "rte")).toThrow("both belong to the same data set");
  for (const source of ["ag_news", "qnli", "boolq"])
    for (const { name } of tasks.filter((task) => task.name !== source)) expect(() => refuseOverlap(source, name)).not.toThrow();
});

test("what is known of overlaps and sources names tasks that there are", () => {
  const names = classificationTasks.map(({ name }) => name);
  for (const { train, test: held } of knownOverlaps) expect(names).toEqual(expect.arrayContaining([train, held]));
  for (const [name, { hub, folder }] of Object.entries(taskSources)) {
    const { classes, fields } = findClassification(name, "this test");
    for (const columns of hub === null ? [folder] : [hub, folder]) {
      expect(columns.classes, name).toHaveLength(classes.length);
      expect(columns.textB === undefined, name).toBe(fields.textB === null);
    }
  }
  expect(Object.keys(taskSources).sort()).toEqual(names.filter((name) => !name.startsWith("feedback/")).sort());
});

test("a part of a training split is called a part", () => {
  expect(partialNote("qnli", 10_293)).toBe("The training part is 10,293 of 104,743 rows.");
  expect(partialNote("qnli", 104_743)).toBeNull();
  expect(partialNote("mr", 5)).toBeNull();
  expect(partialNote("constructor", 5)).toBeNull();
});

test("the report can say which label words minuet met as labels", () => {
  expect(seenLabelWords("minuet", ["terrible", "great"])).toEqual({ answer: "all", seen: ["terrible", "great"] });
  expect(seenLabelWords("minuet", ["No", "Yes"]).answer).toBe("all");
  expect(seenLabelWords("minuet", ["World", "Sports", "Business", "Technology"])).toEqual({ answer: "some", seen: ["Sports", "Business"] });
  expect(seenLabelWords("minuet", ["delivery", "price"])).toEqual({ answer: "none", seen: [] });
  expect(seenLabelWords("roberta-base", ["terrible", "great"])).toEqual({ answer: "unknown", seen: [] });
});
