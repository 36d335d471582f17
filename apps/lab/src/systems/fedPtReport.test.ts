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
const result: FedPtResult = {
  runId: "run-7",
  small: "etude",
  large: "concerto",
  a: 0.75,
  seconds: 61,
  bytes: { up: 314_000, down: 4_640_000 },
  steps,
  numTexts: 64,
  rows: [
    { of: "large", rougeL: 0.2, exactMatch: 0 },
    { of: "small", rougeL: 0.3, exactMatch: 0.015625 },
    { of: "proxy", rougeL: 0.35, exactMatch: 0.03125 },
  ],
  answers: [{ text: "Too <dear>", reference: "Sorry.", large: "No", small: "Sorry", proxy: "Sorry & thanks" }],
};

test("the three rows, what the server computed and where the student drifted are in the text", () => {
  const text = fedPtText(result);
  expect(text).toMatch(/large, untouched {3}0\.2000 {7}0\.0000\nsmall, federated {3}0\.3000 {7}0\.0156\nproxy-tuned {8}0\.3500 {7}0\.0313/);
  expect(text).toContain("of which topK leaves out 0.0123");
  expect(text).toMatch(/2 +distillation, loss 0\.7500 to 0\.5000 +0\.6250 +3\.3 s/);
  expect(text).toContain("314 kB up");
});

test("the page shows what people wrote as text, never as markup", () => {
  const page = fedPtPage(result);
  expect(page).toContain('<th scope="row" class="text">Too &lt;dear&gt;</th>');
  expect(page).toContain('<td class="text">Sorry &amp; thanks</td>');
  expect(page).not.toContain("<dear>");
});
