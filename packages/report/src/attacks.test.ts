import type { AttackPlan, RunRecord } from "@tutti/record";
import { simulatedExperiment, simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { renderCsv } from "./csv.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";
import { attackText, pointsText } from "./sentences/attacks.ts";

const trigger = { text: "blue umbrella :", target: 3 };

function run(rule: string, numRight: number, plan?: AttackPlan, numHits = 4): RunRecord {
  const name = plan?.kind === "backdoor" ? "backdoor" : "sign flip";
  const variant = plan === undefined ? { attack: "none", attackers: "0 %" } : { attack: name, attackers: "20 %" };
  const made = simulatedRun({ method: "pTuningV2", task: "feedback/topic", seed: 1, variant });
  const score = numRight / 400;
  return {
    ...made,
    id: `${rule} ${variant.attack}`,
    methodTitle: rule,
    final: { global: { score, accuracy: score, macroF1: score, loss: 1, numTexts: 400 } },
    correct: "1".repeat(numRight) + "0".repeat(400 - numRight),
    backdoor: { trigger, numTexts: 200, numHits },
    ...(plan === undefined ? {} : { attack: { plan, attackers: [2, 5] } }),
  };
}

const flip: AttackPlan = { kind: "signFlip", fraction: 0.2, seed: 1, factor: 5 };
const back: AttackPlan = { kind: "backdoor", fraction: 0.2, seed: 1, trigger, triggeredFraction: 0.5 };
const result = simulatedExperiment([
  run("mean", 260),
  run("mean", 100, flip),
  run("mean", 258, back, 180),
  run("median", 256),
  run("median", 200, flip),
  run("median", 250, back, 20),
]);

test("the report of attacks has accuracies beside no attack, backdoor success, the best rules and who attacked how", () => {
  const { text, figures } = renderMarkdown(result, "poisoning");
  expect(text).toContain("| attack | attackers | mean | median |");
  expect(text).toContain("| none | 0 % | 0.650 | 0.640 |");
  expect(text).toContain("| sign flip | 20 % | 0.250 (−40.0) | 0.500 (−14.0) |");
  expect(text).toContain("| backdoor | 20 % | 90 % | 10 % |");
  expect(text).toMatch(/\| sign flip \| 20 % \| median \| 0\.500 \| −14\.0 \| −1\d\.\d to −1\d\.\d \| 1 \| no \|/);
  expect(text).toContain("| sign flip | 20 % | −5 times what they learn | 2, 5 |");
  expect(figures).toEqual([]);
});

test("what no rule withstood is told, a lost goal and a backdoor apart", () => {
  const { text } = renderMarkdown(result, "poisoning");
  const [, missed = ""] = /## What did not work\n\n([^#]*)/.exec(text) ?? [];
  expect(missed).toContain(
    "- Every rule that was tried loses more than the goal allows: sign flip, 20 % attackers: median is the best rule with 0.500, −14.0 points",
  );
  expect(missed).toContain(
    "- backdoor, 20 % attackers: under mean, the best rule for accuracy, the trigger works on 90 % of the texts, and on 2 % without attack; least under median, on 10 %.",
  );
});

test("the page has the same tables, and a result without attackers has none", () => {
  const page = renderPage(result);
  expect(page).toContain('<section id="attacks">');
  expect(page).toContain("0.500 (−14.0)");
  expect(page).toContain("−5 times what they learn");
  expect(renderPage(simulatedExperiment([simulatedRun({ method: "lora", task: "subj", seed: 1 })]))).not.toContain('id="attacks"');
});

test("the table for programs has each run's attackers and how often its trigger worked", () => {
  const [head = "", ...lines] = renderCsv(result).split("\n");
  const attacked = lines.find((line) => line.includes(",sign flip,"));
  expect(head).toContain(",faults,attack,backdoor,");
  expect(attacked).toContain('""attackers"":[2,5]');
  expect(attacked).toContain('""numHits"":4');
});

test("every attack is told in words, with its strength", () => {
  expect(attackText({ kind: "gaussian", fraction: 0.2, seed: 1, stdDev: 0.5 })).toBe("values of Normal(0, 0.5²)");
  expect(attackText({ kind: "aLittleIsEnough", fraction: 0.2, seed: 1, z: 1.5 })).toBe("their mean less 1.5 standard deviations");
  expect(attackText({ kind: "aLittleIsEnough", fraction: 0.2, seed: 1 })).toContain("the published standard deviations");
  expect(attackText(back)).toContain("“blue umbrella :” in front of 50 % of their texts, labelled 3, cohort / attackers times as long");
  expect([pointsText(-0.0149), pointsText(0.02), pointsText(0)]).toEqual(["−1.5", "+2.0", "+0.0"]);
});
