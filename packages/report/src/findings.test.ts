import { analyse, type RunRecord } from "@tutti/record";
import { simulatedExperiment, simulatedRun, simulatedSplits } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { findings } from "./findings.ts";

function sentences(runs: readonly RunRecord[]): string {
  const result = simulatedExperiment(runs);
  return findings(result, analyse(result)).join("\n");
}

const scores = (score: number) => ({ score, accuracy: score, macroF1: score, loss: 1 });
type Scored = "fedPepTao" | "lora" | "pTuningV2";
const scored = (method: Scored, task: string, score: number, seed = 1): RunRecord => {
  const run = simulatedRun({ method, task, seed });
  const all = { global: scores(score), personalised: scores(score - 0.1) };
  return { ...run, final: all, correct: "1".repeat(score * 1000).padEnd(1000, "0") };
};
/** Enough seeds for the test. */
const seeds = (method: Scored, task: string, score: number) => [1, 2, 3].map((seed) => scored(method, task, score, seed));

test("it is said where FedPepTAO loses, and by how much", () => {
  const text = sentences([
    ...seeds("fedPepTao", "subj", 0.6),
    ...seeds("lora", "subj", 0.7),
    ...seeds("fedPepTao", "mr", 0.8),
    ...seeds("lora", "mr", 0.75),
  ]);
  expect(text).toContain(
    "Under the global protocol, after the last round, FedPepTAO is the best on mr (+0.050 against LoRA); it is behind the highest mean on subj (−0.100 against LoRA).\n",
  );
  expect(text).toContain("Under the personalised protocol");
  expect(text).not.toContain("Under the newcomer protocol");
  expect(text).toContain("subj, global: LoRA is best with 0.700 (of 1,000 texts); the test finds it above every other method.");
});

test("with fewer seeds than the test needs nobody is called the best, or better, or worse: only whose mean is higher", () => {
  const of = (method: Scored, task: string, score: number) => seeds(method, task, score).slice(0, 2);
  const text = sentences([
    ...of("fedPepTao", "subj", 0.4),
    ...of("lora", "subj", 0.9),
    ...of("fedPepTao", "mr", 0.8),
    ...of("lora", "mr", 0.3),
  ]);
  expect(text).toContain(
    "Under the global protocol, after the last round, FedPepTAO has the highest mean on mr (+0.500 against LoRA); it has a mean below the highest on subj (−0.500 against LoRA). The difference on subj and mr could not be tested.",
  );
  expect(text).toContain(
    "subj, global: LoRA has the highest mean, 0.900 (of 1,000 texts); the difference to 1 other method could not be tested.",
  );
  expect(text).toContain("With 2 seeds the variation between seeds is unknown, so no difference is tested");
  expect(text).not.toMatch(/\b(best|better|worse|behind|ahead|ties?)\b/);
});

test("under a protocol whose answers are not known nobody is called the best", () => {
  const text = sentences([...seeds("fedPepTao", "subj", 0.9), ...seeds("lora", "subj", 0.5)]);
  expect(text).toContain(
    "Under the personalised protocol, after the last round, FedPepTAO has the highest mean on subj (+0.400 against LoRA). Differences are not tested under this protocol.",
  );
});

test("FedPepTAO drawn with another is called a tie", () => {
  const text = sentences([...seeds("lora", "subj", 0.7), ...seeds("fedPepTao", "subj", 0.7)]);
  expect(text).toContain("FedPepTAO has the highest mean, as a tie, on subj (0.000 against LoRA).");
  const drawn = sentences([scored("lora", "subj", 0.7), scored("fedPepTao", "subj", 0.7)]);
  expect(drawn).toContain("FedPepTAO has the highest mean on subj (0.000 against LoRA). The difference on subj could not be tested.");
});

test("several with the same highest mean are all named", () => {
  const text = sentences([...seeds("lora", "subj", 0.7), ...seeds("pTuningV2", "subj", 0.7), ...seeds("fedPepTao", "subj", 0.4)]);
  expect(text).toContain("subj, global: LoRA and P-tuning v2 have the highest mean, 0.700 (of 1,000 texts).");
});

test("a lead that the bootstrap calls a tie is called one", () => {
  const own = (correct: string) => seeds("fedPepTao", "subj", 0.702).map((run) => ({ ...run, correct }));
  // two rows more and none fewer, two times in three thousand draws none of them
  expect(sentences([...own("1".repeat(720).padEnd(1000, "0")), ...seeds("lora", "subj", 0.7)])).toContain(
    "is the best on subj (+0.002 against LoRA).",
  );
  const lead = own("0".repeat(298).padEnd(1000, "1"));
  expect(sentences([...lead, ...seeds("lora", "subj", 0.7)])).toContain("has the highest mean, as a tie, on subj (+0.002 against LoRA).");
});

test("the highest mean is the best only if it is above all others by the test, not only the next", () => {
  const next = seeds("lora", "subj", 0.68); // the same rows, fewer of them: clear
  const unlike = seeds("pTuningV2", "subj", 0.67).map((run) => ({ ...run, correct: "0".repeat(330).padEnd(1000, "1") })); // other rows: a tie
  const text = sentences([...seeds("fedPepTao", "subj", 0.7), ...next, ...unlike]);
  expect(text).toContain("has the highest mean, as a tie, on subj (+0.020 against LoRA)");
  expect(text).toContain("subj, global: FedPepTAO has the highest mean, 0.700 (of 1,000 texts); P-tuning v2 ties with it.");
  expect(text).not.toContain("best");
});

test("means that are not above the commonest class are named", () => {
  expect(sentences([scored("fedPepTao", "subj", 0.5), scored("lora", "subj", 0.7)])).toContain(
    "subj: the mean of FedPepTAO is not above the score of always predicting the commonest class (0.500 of 1,000 texts).",
  );
});

test("Stages A and B are charged before traffic is compared", () => {
  // FedPepTAO: 900,000 + 12 · 140,000; P-tuning v2: 12 · 280,000; 401,000 of evaluations in neither. Evaluated rounds are 4, 8 and 12.
  expect(sentences([scored("fedPepTao", "subj", 0.6), scored("pTuningV2", "subj", 0.7)])).toContain(
    "FedPepTAO sent and received 2.58 MB in a run without evaluation, 35 % of it in scoring and counting: 0.77 times the 3.36 MB of P-tuning v2, which sends all layers. Its smaller uploads had paid for that by round 8 (subj).",
  );
});

test("few seeds are said to be few, and enough are not", () => {
  const three = [1, 2, 3].flatMap((seed) => [scored("fedPepTao", "subj", 0.6, seed), scored("lora", "subj", 0.7, seed)]);
  expect(sentences(three.slice(0, 4))).toContain("With 2 seeds");
  expect(sentences(three)).not.toContain("at least 3 seeds are needed");
});

test("how far conditions agree on the order of layers is told", () => {
  const result = simulatedSplits();
  expect(findings(result, analyse(result)).join("\n")).toMatch(/rank correlation of [\d.−]+ to [\d.−]+ \(3 pairs\)/);
});

test("a lead by another metric than accuracy is neither a tie nor clear of one where its answers are not known", () => {
  const runs = [...seeds("fedPepTao", "mrpc", 0.6), ...seeds("lora", "mrpc", 0.61)].map(
    (run): RunRecord => ({ ...run, metric: "macroF1" }),
  );
  const text = sentences(runs);
  expect(text).toContain("has a mean below the highest on mrpc (−0.010 against LoRA). The difference on mrpc could not be tested.");
  expect(text).toContain(
    "mrpc, global: LoRA has the highest mean, 0.610 (of 1,000 texts); the difference to 1 other method could not be tested.",
  );
});
