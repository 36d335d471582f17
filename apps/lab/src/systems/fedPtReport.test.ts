import type { StepRecord } from "@tutti/record";
import { expect, test } from "vitest";
import { type FedPtResult, fedPtPage, fedPtText } from "./fedPtReport.ts";

const step = { stage: "train", round: 2, step: 2, attempt: 1, cohort: [], counted: [], seconds: 3.25, bytesUp: 0, bytesDown: 0 } as const;
const rest = { firstLoss: null, lastLoss: null, evaluations: [] } as const;
const steps: StepRecord[] = [
  { ...step, ...rest, kind: "logits", computed: { numTexts: 106, numPositions: 1900, topKError: 0.0123 } },
  { ...step, ...rest, kind: "distil", computed: { numSteps: 16, firstLoss: 0.75, lastLoss: 0.5, drift: 0.625 } },
  { ...step, ...rest, kind: "train" },
];
const noScores = { lossPerToken: null, lossPerByte: null, tokenAccuracy: null };
const cost = { seconds: 61, perDeviceRound: { up: 15_700, down: 8400 }, peak: { tab: 312_000_000, compute: 498_000_000 } };
const averaged = { ...cost, seconds: 44, peak: { tab: 305_000_000, compute: null } };
const result: FedPtResult = {
  runId: "run-7",
  small: "etude",
  large: "concerto",
  a: 0.75,
  numRounds: 3,
  numTexts: 64,
  steps,
  rows: [
    { row: "large", cost: null, scores: { ...noScores, rougeL: 0.2, exactMatch: 0, perplexityPerToken: 41.5, perplexityPerByte: 3.25 } },
    { row: "small", cost, scores: { ...noScores, rougeL: 0.3, exactMatch: 0.015625, perplexityPerToken: 12.25, perplexityPerByte: 2.5 } },
    { row: "proxy", cost, scores: { ...noScores, rougeL: 0.35, exactMatch: 0.03125, perplexityPerToken: 9.125, perplexityPerByte: 2.125 } },
    {
      row: "proxyAveraged",
      cost: averaged,
      scores: { ...noScores, rougeL: null, exactMatch: null, perplexityPerToken: 8.5, perplexityPerByte: null },
    },
  ],
  shown: [{ text: "Too <dear>", reference: "Sorry.", answers: { large: "No", small: "Sorry", proxy: "Sorry & thanks" } }],
};

test("every row has its scores, with perplexity per token and byte, and a dash where nothing was measured", () => {
  const lines = fedPtText(result).split("\n");
  const columns = (start: string) => lines.filter((line) => line.startsWith(start)).map((line) => line.split(/ {2,}/));
  expect(columns("large, untouched")).toEqual([
    ["large, untouched", "0.2000", "0.0000", "41.50", "3.250"],
    ["large, untouched", "–", "–", "–", "–", "–"],
  ]);
  expect(columns("proxy-tuned ")).toEqual([
    ["proxy-tuned", "0.3500", "0.0313", "9.13", "2.125"],
    ["proxy-tuned without distillation", "–", "–", "8.50", "–"],
    ["proxy-tuned", "15.7 kB", "8.40 kB", "312 MB", "498 MB", "1 min 1 s"],
    ["proxy-tuned without distillation", "15.7 kB", "8.40 kB", "305 MB", "–", "44 s"],
  ]);
});

test("what the compute client did, and where the student drifted, is in the text and as a curve in the page", () => {
  const text = fedPtText(result);
  expect(text).toContain("of which topK leaves out 0.0123");
  expect(text).toMatch(/2 +distillation, loss 0\.7500 to 0\.5000 +0\.6250 +3\.3 s/);
  const curve = /<figure><figcaption>mean \|s_student − s_untuned\| by round<\/figcaption>(<svg[\s\S]*?<\/svg>)/.exec(
    fedPtPage(result),
  )?.[1];
  expect(curve).toContain("after the distillation of each round; 0.6250 in round 2.");
  expect(curve?.match(/<circle/g)).toHaveLength(1);
  expect(fedPtPage({ ...result, steps: [] })).not.toContain("<figure>");
});

test("the page shows what people wrote as text, never as markup", () => {
  const page = fedPtPage(result);
  expect(page).toContain('<th scope="row" class="text">Too &lt;dear&gt;</th>');
  expect(page).toContain('<td class="text">Sorry &amp; thanks</td>');
  expect(page).not.toContain("<dear>");
});
