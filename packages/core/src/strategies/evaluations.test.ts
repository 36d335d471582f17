import { expect, test } from "vitest";
import { presets } from "../presets.ts";
import type { Contribution, EvaluationResult, RoundPlan } from "../task.ts";
import type { TextSums } from "../textSums.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "./evaluations.ts";

const plan: RoundPlan = {
  stage: "train",
  round: 4,
  step: 2,
  attempt: 1,
  payloads: [{}],
  tasks: [],
  deadlineMs: null,
  quorum: 0.7,
  numDevices: 5,
};

function answer(deviceId: number, results: EvaluationResult[]): Contribution {
  return { deviceId, numExamples: 3, body: { kind: "evaluate", results } };
}

function result(protocol: EvaluationResult["protocol"], confusion: number[][], lossSum: number): EvaluationResult {
  return { protocol, split: "test", confusion, lossSum };
}

test("confusion matrices and losses are added up by protocol and split, and coverage is told", () => {
  const answers = [
    answer(3, [
      result(
        "global",
        [
          [1, 2],
          [3, 4],
        ],
        0.5,
      ),
      result(
        "personalised",
        [
          [2, 0],
          [0, 1],
        ],
        2,
      ),
    ]),
    answer(0, [
      result(
        "global",
        [
          [5, 0],
          [7, 1],
        ],
        1.25,
      ),
    ]),
  ];
  const pooled = poolEvaluations(plan, answers, true);
  expect(pooled).toMatchObject({ stage: "train", round: 4, numAnswered: 2, coverage: 0.4 });
  expect(pooled.results).toEqual([
    result(
      "global",
      [
        [6, 2],
        [10, 5],
      ],
      1.75,
    ),
    result(
      "personalised",
      [
        [2, 0],
        [0, 1],
      ],
      2,
    ),
  ]);
});

test("sums over texts are added up like confusion matrices, and one kind never into the other", () => {
  const sums = (numExamples: number, generated: TextSums["generated"]): TextSums => ({
    numExamples,
    numTokens: 10 * numExamples,
    numBytes: 47 * numExamples,
    numRightTokens: 3 * numExamples,
    generated,
  });
  const said = (text: TextSums, lossSum: number): EvaluationResult => ({ protocol: "global", split: "test", text, lossSum });
  const answers = [
    answer(3, [said(sums(2, { numExamples: 2, numExact: 1, rougeLSum: 1.25 }), 7.5)]),
    answer(0, [said(sums(5, { numExamples: 4, numExact: 0, rougeLSum: 0.5 }), 0.25)]),
    answer(1, [said(sums(1, null), 1)]),
  ];
  const [pooled] = poolEvaluations(plan, answers, true).results;
  expect(pooled).toEqual(said(sums(8, { numExamples: 6, numExact: 1, rougeLSum: 1.75 }), 8.75));
  const mixed = [answer(0, [said(sums(2, null), 1)]), answer(1, [result("global", [[1]], 1)])];
  expect(() => poolEvaluations(plan, mixed, true)).toThrow("device 1: answered a classification task, expected the other kind");
});

test("with one global model the personalised and a newcomer's results are the global one", () => {
  const pooled = poolEvaluations(
    plan,
    [
      answer(1, [
        result(
          "global",
          [
            [4, 2],
            [1, 0],
          ],
          3,
        ),
      ]),
    ],
    false,
  );
  expect(pooled.results).toEqual([
    result(
      "global",
      [
        [4, 2],
        [1, 0],
      ],
      3,
    ),
    result(
      "personalised",
      [
        [4, 2],
        [1, 0],
      ],
      3,
    ),
    result(
      "newcomer",
      [
        [4, 2],
        [1, 0],
      ],
      3,
    ),
  ]);
});

test("matrices of different sizes are an error that names the device", () => {
  const answers = [
    answer(0, [
      result(
        "global",
        [
          [1, 2],
          [3, 4],
        ],
        1,
      ),
    ]),
    answer(2, [result("global", [[1]], 1)]),
  ];
  expect(() => poolEvaluations(plan, answers, true)).toThrow("device 2: a confusion matrix of 1 classes, expected 2");
});

const first = { ...presets.demo, evaluateZeroShot: true };

test("the backbone without prompts is looked at in the first evaluation alone, and not at all where a run does without", () => {
  expect(isZeroShotDue(first, 0)).toBe(true);
  expect(isZeroShotDue(first, 1)).toBe(false);
  expect(isZeroShotDue({ ...first, evaluateZeroShot: false }, 0)).toBe(false);
  expect(evaluateSpec({ isZeroShotDue: true, isPersonalised: false })).toMatchObject({ protocols: ["global", "zeroShot"] });
  expect(evaluateSpec({ isZeroShotDue: false, isPersonalised: false })).toMatchObject({ protocols: ["global"] });
});
