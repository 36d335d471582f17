import type { EvaluationPoint } from "@tutti/protocol";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import { emptyStatus } from "../testing/events.ts";
import { Results } from "./cards.tsx";

const shown = (evaluations: readonly EvaluationPoint[]) =>
  renderToString(h(Results, { status: { ...emptyStatus, history: [{ stage: "train", round: 1, trainLoss: 1, evaluations }] } }));
const texts = (protocol: EvaluationPoint["protocol"], rougeL: number | null): EvaluationPoint => ({
  protocol,
  split: "test",
  loss: 3,
  numExamples: 288,
  text: { tokenAccuracy: 0.375, exactMatch: rougeL === null ? null : 0, rougeL },
});

test("the page shows the accuracy of a task with classes, and of texts the main score with its name", () => {
  const classes = { protocol: "newcomer", split: "test", accuracy: 0.625, macroF1: 0.5, loss: 1, numExamples: 288 } as const;
  expect(shown([classes])).toMatch(/accuracy-newcomer">62\.5 %<.*of 288 texts that nobody trained on get the right class/s);
  const html = shown([texts("newcomer", 0.315), texts("personalised", 0.25), texts("zeroShot", 0.084)]);
  expect(html).toContain('accuracy-newcomer">ROUGE-L 0.315<');
  expect(html).toContain("texts that nobody trained on are answered from the shared parameters");
  expect(html).toContain('accuracy-personalised">ROUGE-L 0.250<');
  expect(html).toContain('accuracy-zeroShot">ROUGE-L 0.084<');
});

test("where no answer is generated the page shows the accuracy of tokens", () => {
  expect(shown([texts("newcomer", null)])).toMatch(
    /token accuracy 37\.5 %<.*of the tokens of answers that nobody trained on, of 288 texts/s,
  );
});

test("where one model is for all, its score is a newcomer's", () => {
  expect(shown([texts("global", 0.2)])).toContain("ROUGE-L 0.200");
  expect(shown([])).toBe("");
});
