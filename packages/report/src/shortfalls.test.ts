import { analyse, type RunRecord } from "@tutti/record";
import { simulatedExperiment, simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";
import { shortfalls } from "./shortfalls.ts";

interface Made {
  readonly method: "fedPepTao" | "lora" | "pTuningV2" | "local";
  readonly final: number;
  readonly best?: number;
  readonly bytes?: number;
  readonly zeroShot?: number | null;
}

const scores = (score: number) => ({ global: { score, accuracy: score, macroF1: score, loss: 1, numTexts: 200 } });

function run({ method, final, best = final, bytes = 1e6, zeroShot = null }: Made): RunRecord {
  const made = simulatedRun({ method, task: "subj", seed: 1 });
  return {
    ...made,
    final: scores(final),
    best: { round: 4, scores: scores(best) },
    bytes: { ...made.bytes, up: bytes, down: 0 },
    controls: { ...made.controls, zeroShot },
  };
}

const said = (...runs: readonly Made[]) => {
  const result = simulatedExperiment(runs.map(run));
  return shortfalls(analyse(result), result);
};

test("a method that ends not above the untuned backbone is named with that score, equal ones included and controls not", () => {
  const zeroShot = 0.5;
  expect(
    said(
      { method: "lora", final: 0.5, zeroShot, bytes: 1 },
      { method: "fedPepTao", final: 0.501, zeroShot, bytes: 2 },
      { method: "local", final: 0.3, zeroShot },
    ),
  ).toEqual(["subj: LoRA ends not above the backbone without tuning (0.500 of 200 texts)."]);
});

test("a method is named whose mean was higher by a hundredth in the round that validation chose", () => {
  expect(said({ method: "lora", final: 0.6, best: 0.609, bytes: 1 }, { method: "fedPepTao", final: 0.61, best: 0.63, bytes: 2 })).toEqual([
    "subj: from the round chosen on validation to the last one the mean falls: FedPepTAO from 0.630 to 0.610.",
  ]);
});

test("a method is named beside the best of those that sent no more bytes for no lower score", () => {
  const found = said(
    { method: "pTuningV2", final: 0.55, bytes: 1e6 },
    { method: "lora", final: 0.6, bytes: 2e6 },
    { method: "fedPepTao", final: 0.54, bytes: 3e6 },
  );
  expect(found).toEqual(["subj: no higher score than LoRA (0.600 at 2.00 MB) for as many bytes or more: FedPepTAO (0.540 at 3.00 MB)."]);
});

test("models that runs leave beside the evaluated one have a table of their own, a mean over the seeds for each", () => {
  const made = [0.25, 0.35].map((score, at): RunRecord => {
    const otherModels = [{ name: "concerto, proxy-tuned", score, numTexts: 80 }];
    return { ...run({ method: "lora", final: 0.6 }), metric: "rougeL", seed: at + 1, otherModels };
  });
  const result = simulatedExperiment(made);
  expect(renderMarkdown(result, "x").text).toContain(
    "### Other models of the runs\n\n| method | task | model | score | texts |\n| --- | ---: | ---: | ---: | ---: |\n| LoRA | subj (ROUGE-L) | concerto, proxy-tuned | 0.300 ±\u00a00.071 | 80 texts |",
  );
  expect(renderPage(result)).toContain("concerto, proxy-tuned");
  expect(renderPage(simulatedExperiment([run({ method: "lora", final: 0.6 })]))).not.toContain("Other models");
});

test("the page says it under a heading of its own, and has none where everything worked", () => {
  const page = (...runs: readonly Made[]) => renderMarkdown(simulatedExperiment(runs.map(run)), "x").text;
  const [lora, prompts] = [
    { method: "lora", final: 0.6, bytes: 1e6 },
    { method: "pTuningV2", final: 0.7, bytes: 2e6 },
  ] as const;
  expect(page(lora, prompts)).not.toContain("What did not work");
  expect(page(lora, { ...prompts, final: 0.5 })).toContain("## What did not work\n\n- subj: no higher score than LoRA");
});
