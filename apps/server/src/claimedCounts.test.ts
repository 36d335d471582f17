import type { RunEvaluation } from "@tutti/data/node";
import { expect, test } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();

/** Of shares of 7, 8, 9 and 10 test rows. */
const rows = (numRows: number) => ({ numRows, numBytes: 20 * numRows });
const ofShare = (share: number) => ({ personalised: rows(7 + share), test: rows(7 + share), validation: rows(3) });
const evaluatedRows: RunEvaluation = {
  shares: [0, 1, 2, 3].map(ofShare),
  whole: { personalised: rows(34), test: rows(34), validation: rows(12) },
};

test("P-131, P-132: layer scores that no states can have and matrices of more rows than the device holds are refused, and the run goes on", async () => {
  const run = tinyRun({ numDevices: 2, cohortSize: 2, evaluateEvery: 3 });
  const coordinator = await scene.start(run, { expectedClients: 1 }, { evaluatedRows });
  const answers: { rule: string; message: string }[] = [];
  const client = scene.join(coordinator, "a", {
    async onTask(lease) {
      const good = await client.prepare(lease);
      const { header } = good;
      const send = async (bad: object) => {
        const outcome = await new Promise((resolve) => client.socket.emit("submit", { ...good, header: bad }, resolve));
        answers.push(outcome as { rule: string; message: string });
      };
      if (header.kind === "score") {
        for (const score of [1e12, 800_001, -0.5]) await send({ kind: "score", layerScores: [score, 1, null] });
      }
      if (header.kind !== "evaluate") return true;
      const most = 7 + lease.deviceId;
      const results = header.results.map((result) => {
        const isEmpty = result.protocol === "personalised" && result.split === "validation";
        const count = isEmpty ? 0 : result.split === "validation" ? 3 : most;
        return {
          protocol: result.protocol,
          split: result.split,
          confusion: [
            [0, 0, 0],
            [0, count, 0],
            [0, 0, 0],
          ],
          lossSum: 1,
        };
      });
      for (const place of results.keys()) {
        const more = (found: number) => [
          [found, 0, 0],
          [1, 0, 0],
          [0, 0, 0],
        ];
        await send({
          kind: "evaluate",
          results: results.map((result, i) => (i === place ? { ...result, confusion: more(result.confusion[1]?.[1] ?? 0) } : result)),
        });
      }
      const whole = await client.call("submit", { ...good, header: { kind: "evaluate", results } });
      expect(whole).toEqual({ ok: true, value: { outcome: "accepted" } });
      return false;
    },
  });
  const { summary } = await coordinator.whenDone();
  const ofRule = (rule: string) => answers.filter((answer) => answer.rule === rule);
  expect(ofRule("P-131")).toHaveLength(6); // three of each of two devices
  expect(ofRule("P-131")[0]?.message).toBe("header.layerScores[0]: 1000000000000, expected 0 to 800000");
  expect(ofRule("P-132").length).toBe(answers.length - 6);
  expect(ofRule("P-132").length).toBeGreaterThanOrEqual(12);
  expect(ofRule("P-132")[0]?.message).toMatch(/^header.results: personalised\/validation counts 1 examples, expected at most 0$/);
  const test = summary.evaluations[0]?.results.find(({ protocol, split }) => protocol === "global" && split === "test");
  expect(test !== undefined && "confusion" in test ? test.confusion[1]?.[1] : null).toBe(7 + 8);
});
