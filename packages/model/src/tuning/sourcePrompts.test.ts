import { expect, test } from "vitest";
import { parseSourcePrompt } from "./sourcePrompts.ts";

const prompt = {
  formatVersion: 1,
  name: "qnli",
  backbone: "tiny",
  task: "qnli",
  numExamples: 7,
  numSteps: 3,
  learningRate: 0.01,
  seed: 42,
  shape: [2, 3],
  values: [1, 2, 3, 4, 5, 6],
};

test("a source prompt is read as it was written", () => {
  expect(parseSourcePrompt(JSON.stringify(prompt), "a.json")).toEqual(prompt);
});

test("a file that is none names itself, what does not fit and the command that makes it again", () => {
  expect(() => parseSourcePrompt("{", "a.json")).toThrow("source prompt a.json is not JSON; `tutti prompt train` makes it again");
  expect(() => parseSourcePrompt(JSON.stringify({ ...prompt, name: 5, values: [1, "2"], weather: 1 }), "a.json")).toThrow(
    "source prompt a.json: name, values.1, weather does not fit a source prompt; `tutti prompt train` makes it again",
  );
  expect(() => parseSourcePrompt("[]", "a.json")).toThrow("source prompt a.json: the whole file does not fit");
  expect(() => parseSourcePrompt(JSON.stringify({ ...prompt, shape: [3, 3] }), "a.json")).toThrow("needs 9 values, found 6");
});
