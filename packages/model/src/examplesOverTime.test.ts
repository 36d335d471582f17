import { expect, test } from "vitest";
import { createExamplesOverTime } from "./examplesOverTime.ts";

const examples = (...train: string[]) => ({ train, personalised: [], globalTest: [], globalValidation: [] });

test("a task gets the examples of its number, and an older task those that it was planned for", () => {
  const known = createExamplesOverTime<string>();
  known.add(examples("a", "b"));
  known.add(examples("a", "b", "c"));
  expect(known.take(2).train).toEqual(["a", "b"]);
  expect(known.take(3).train).toEqual(["a", "b", "c"]);
  expect(known.take(2).train).toEqual(["a", "b", "c"]); // forgotten: tasks come in the order of their plans
});

test("of several with one number the latest counts", () => {
  const known = createExamplesOverTime<string>();
  known.add(examples("a", "b"));
  known.add(examples("a"));
  known.add(examples("a", "corrected"));
  expect(known.take(1).train).toEqual(["a"]);
  expect(known.take(2).train).toEqual(["a", "corrected"]);
});

test("who types quickly is remembered for a few tasks, and the latest are given for a number that is not known", () => {
  const known = createExamplesOverTime<number>();
  for (let n = 1; n <= 40; n++)
    known.add({ train: Array.from({ length: n }, (_, i) => i), personalised: [], globalTest: [], globalValidation: [] });
  expect(known.take(3).train).toHaveLength(40);
  expect(() => createExamplesOverTime().take(1)).toThrow("the device has no examples yet");
});
