import { expect, test } from "vitest";
import type { LabRun } from "../experiments/labResult.ts";
import { simulatedExperiment, simulatedRun, simulatedSplits } from "../testing/simulatedExperiment.ts";
import { findings } from "./findings.ts";
import { analyse } from "./scoreTable.ts";

function sentences(runs: readonly LabRun[]): string {
  const result = simulatedExperiment(runs);
  return findings(result, analyse(result)).join("\n");
}

const scores = (score: number) => ({ score, accuracy: score, macroF1: score, loss: 1 });
const scored = (method: "fedPepTao" | "lora" | "pTuningV2", task: string, score: number, seed = 1): LabRun => {
  const run = simulatedRun({ method, task, seed });
  const all = { global: scores(score), personalised: scores(score - 0.1) };
  return { ...run, final: all, correct: "1".repeat(score * 1000).padEnd(1000, "0") };
};

test("it is said where FedPepTAO loses, and by how much", () => {
  const text = sentences([
    ...[scored("fedPepTao", "subj", 0.6), scored("lora", "subj", 0.7), scored("fedPepTao", "mr", 0.8), scored("lora", "mr", 0.75)],
  ]);
  expect(text).toContain(
    "Under the global protocol, after the last round, FedPepTAO has the highest mean on mr (+0.050 against LoRA); it is behind the best on subj (−0.100 against LoRA).",
  );
  expect(text).toContain("Under the personalised protocol");
  expect(text).not.toContain("Under the newcomer protocol");
  expect(text).toContain("subj, global: best is LoRA with 0.700; no other method ties with it.");
});

test("FedPepTAO drawn with another is called a tie", () => {
  const text = sentences([scored("lora", "subj", 0.7), scored("fedPepTao", "subj", 0.7)]);
  expect(text).toContain("FedPepTAO has the highest mean on subj (0.000 against LoRA, a tie).");
});

test("several with the same highest mean are all named", () => {
  const text = sentences([scored("lora", "subj", 0.7), scored("pTuningV2", "subj", 0.7), scored("fedPepTao", "subj", 0.4)]);
  expect(text).toContain("subj, global: best are LoRA and P-tuning v2 with 0.700; no other method ties with them.");
});

test("a lead that the bootstrap calls a tie is called one", () => {
  expect(sentences([scored("fedPepTao", "subj", 0.702), scored("lora", "subj", 0.7)])).toContain("subj (+0.002 against LoRA).");
  const lead = { ...scored("fedPepTao", "subj", 0.702), correct: "0".repeat(298).padEnd(1000, "1") };
  expect(sentences([lead, scored("lora", "subj", 0.7)])).toContain("has the highest mean on subj (+0.002 against LoRA, a tie).");
});

test("scores no better than the commonest class are named", () => {
  expect(sentences([scored("fedPepTao", "subj", 0.5), scored("lora", "subj", 0.7)])).toContain(
    "subj: FedPepTAO is no better than always answering the commonest class (0.500).",
  );
});

test("Stages A and B are charged before traffic is compared", () => {
  // FedPepTAO: 900,000 + 12 · 140,000; P-tuning v2: 12 · 280,000; 401,000 of evaluations in neither. Evaluated rounds are 4, 8 and 12.
  expect(sentences([scored("fedPepTao", "subj", 0.6), scored("pTuningV2", "subj", 0.7)])).toContain(
    "FedPepTAO put 2.6 MB on the wire in a run, evaluations apart, 35 % of it in Stages A and B: 0.77 times the 3.4 MB of P-tuning v2, which sends all layers. Its smaller uploads had paid for that by round 8 (subj).",
  );
});

test("few seeds are said to be few, and enough are not", () => {
  const three = [1, 2, 3].flatMap((seed) => [scored("fedPepTao", "subj", 0.6, seed), scored("lora", "subj", 0.7, seed)]);
  expect(sentences(three.slice(0, 4))).toContain("With 2 seeds");
  expect(sentences(three)).not.toContain("at least 3 are needed");
});

test("how far conditions agree on the order of layers is told", () => {
  const result = simulatedSplits();
  expect(findings(result, analyse(result)).join("\n")).toMatch(/rank correlation of [\d.−]+ to [\d.−]+ \(3 pairs\)/);
});

test("a lead by another metric than accuracy is neither a tie nor clear of one", () => {
  const runs = [scored("fedPepTao", "mrpc", 0.6), scored("lora", "mrpc", 0.61)].map((run): LabRun => ({ ...run, metric: "macroF1" }));
  const text = sentences(runs);
  expect(text).toContain("is behind the best on mrpc (−0.010 against LoRA). On mrpc a tie could not be tested.");
  expect(text).toContain("mrpc, global: best is LoRA with 0.610; for 1 method a tie could not be tested.");
});
