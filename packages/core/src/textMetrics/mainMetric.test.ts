import { expect, test } from "vitest";
import { isTextMetric, mainMetric, metricOnSplit } from "./mainMetric.ts";

const reply = (metric: "perplexity" | "tokenAccuracy" | "exactMatch" | "rougeL") => ({ kind: "reply", metric }) as const;

test("a classification task's main score is its metric, a reply's ROUGE-L or exact match where answers are generated", () => {
  expect(mainMetric({ kind: "classification", metric: "matthews" }, { generation: { numAnswers: 0 } })).toBe("matthews");
  expect(mainMetric(reply("rougeL"), {})).toBe("rougeL");
  expect(mainMetric(reply("exactMatch"), { generation: { numAnswers: 3 } })).toBe("exactMatch");
  expect(mainMetric(reply("rougeL"), { generation: { maxNewTokens: 9 } })).toBe("rougeL");
});

test("where no answer is generated, and where a task is judged by perplexity, it is token accuracy", () => {
  expect(mainMetric(reply("rougeL"), { generation: { numAnswers: 0 } })).toBe("tokenAccuracy");
  expect(mainMetric(reply("perplexity"), {})).toBe("tokenAccuracy");
  expect(mainMetric({ kind: "continuation", metric: "rougeL" }, {})).toBe("tokenAccuracy");
});

test("validation rows are judged by token accuracy, since answers are generated from test rows alone", () => {
  expect([metricOnSplit("rougeL", "validation"), metricOnSplit("rougeL", "test")]).toEqual(["tokenAccuracy", "rougeL"]);
  expect([isTextMetric("rougeL"), isTextMetric("tokenAccuracy"), isTextMetric("accuracy")]).toEqual([true, true, false]);
});
