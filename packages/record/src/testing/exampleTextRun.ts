import type { RunPoint, RunRecord, RunScores } from "../runRecord.ts";
import { measureTexts } from "../textRecord.ts";
import { exampleRun } from "./exampleRun.ts";

/** 24 answers of 960 tokens and 4,800 bytes, of which 8 are generated. */
function scores(lossSum: number, numRightTokens: number, rougeLSum: number): RunScores {
  const generated = { numExamples: 8, numExact: 1, rougeLSum };
  const text = measureTexts({ numExamples: 24, numTokens: 960, numBytes: 4800, numRightTokens, generated }, lossSum);
  return { score: rougeLSum / 8, loss: lossSum / 960, numTexts: 8, text };
}

const own = scores(1920, 384, 2.4);
const spread = { numDevices: 4, meanAccuracy: 0.41, worstTenthAccuracy: 0.325, meanLoss: 2.05, worstTenthLoss: 2.6 };
const final = { personalised: { ...own, spread }, global: scores(2400, 360, 2), newcomer: scores(2880, 336, 1.6) };

function point(round: number, protocol: RunPoint["protocol"], found: RunScores): RunPoint {
  const cost = { seconds: 40 * round, bytesUp: 90_000 * round, bytesDown: 30_000 * round };
  return { ...found, ...cost, round, protocol, split: "test", coverage: 0.75 };
}

const { majority: _, majorityScores: __, ...controls } = exampleRun.controls;

/** A small made-up record of a run whose answers are texts, for tests of what is drawn from one. */
export const exampleTextRun: RunRecord = {
  ...exampleRun,
  id: "20260102-030405-replies",
  task: "replies",
  metric: "rougeL",
  settings: { ...exampleRun.settings, task: "replies", backbone: "etude", numDevices: 4 },
  curve: [
    point(1, "zeroShot", scores(4800, 96, 0.4)),
    point(2, "global", scores(2640, 330, 1.2)),
    point(3, "personalised", final.personalised),
    point(3, "global", final.global),
    point(3, "newcomer", final.newcomer),
  ],
  final,
  best: { round: 2, scores: { global: scores(2640, 330, 1.2) } },
  bestValidation: 0.35,
  controls: { ...controls, majority: null, majorityScores: null, zeroShot: 0.05 },
  steps: [
    ...(exampleRun.steps ?? []).map((step) => ({ ...step, evaluations: [] })),
    {
      stage: "train",
      round: 3,
      step: 3,
      attempt: 1,
      kind: "answers",
      cohort: [100_000],
      counted: [100_000],
      seconds: 6,
      bytesUp: 0,
      bytesDown: 0,
      firstLoss: null,
      lastLoss: null,
      evaluations: [],
      computed: {
        answers: [
          { prompt: "Where is my <parcel>?", reference: "Sorry that it is late.", answer: "Sorry that it was not there." },
          { prompt: "Thank you!", reference: "You are welcome.", answer: "" },
        ],
      },
    },
  ],
};
