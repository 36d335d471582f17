import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fedPt, tunings } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, expect, test } from "vitest";
import { createProgram } from "../program.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const common = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" };

/** What `tutti serve` says to a settings file whose run distils over these texts. */
async function served(distillText: unknown, task = "replies"): Promise<string> {
  const path = join(folder.path, "fedpt.json");
  const run = {
    task,
    backbone: "etude",
    partition: { kind: "iid" },
    tuning: { ...tunings.lora.defaults, ...common },
    strategy: { ...fedPt.defaults, distillText },
  };
  writeFileSync(path, JSON.stringify({ dataDir: join(folder.path, "runs"), port: 0, run }));
  return createProgram()
    .parseAsync(["serve", "--config", path, "--no-compute"], { from: "user" })
    .then(
      () => "served",
      (error: Error) => error.message,
    );
}

test("bad rows of a distillation text are refused before anything starts, each with its line, column and what to do", async () => {
  writeFileSync(join(folder.path, "letters.csv"), "Brief,Antwort\nToo late,We are sorry\nWhere is it?,\n,On its way\n");
  const said = await served({ file: "./letters.csv", text: "Brief", answer: "Antwort" });
  expect(said).toContain("fedpt.json: run.strategy.distillText: 2 of 3 rows cannot be used:");
  expect(said).toContain('letters.csv line 3: there is no answer in "Antwort": write one, or take the row out');
  expect(said).toContain('letters.csv line 4: field "Brief"');
});

test("a file, a column, a data set and a kind that are not right are told with what there is", async () => {
  writeFileSync(join(folder.path, "plain.jsonl"), '{"text":"It rains"}\n');
  expect(await served("./nowhere.csv")).toMatch(/run\.strategy\.distillText: .*nowhere\.csv cannot be read: give a CSV/);
  expect(await served({ file: "./plain.jsonl", answer: "reply" })).toContain('plain.jsonl has no column "reply", it has text');
  expect(await served("lettres")).toMatch(/run\.strategy\.distillText: .*lettres/);
  expect(await served("feedback/topic")).toContain("distillation works with text tasks only, and feedback/topic is a classification task");
  expect(await served("./plain.jsonl")).toContain("./plain.jsonl holds plain text, and replies is a reply task");
});
