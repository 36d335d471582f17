import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { presets, roundTrip } from "@tutti/core";
import { writePromptsFile } from "@tutti/model";
import { type CoordinatorConfig, parseConfig, promptsOfRun, readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";
import { readStart } from "../prompts/startReader.ts";
import { settingsOf } from "./serve.ts";

let folder = temporaryFolder();
afterEach(() => {
  folder.remove();
  folder = temporaryFolder();
});

const publicDir = join(import.meta.dirname, "../../../../public");
const configOf = (changes: object = {}): CoordinatorConfig =>
  parseConfig({
    run: presets.demo,
    dataDir: folder.path,
    publicDir,
    pagesDir: null,
    host: "127.0.0.1",
    port: 0,
    logLevel: "silent",
    ...changes,
  });

/** A run that has begun and that nobody has joined. */
async function begin(changes: object) {
  const config = configOf(changes);
  const tuned = tunedParameters(config.run, readBackboneSizes(publicDir, config.run.backbone), 4);
  const coordinator = await startCoordinator(config, { tuned, readStart });
  await vi.waitFor(() => expect(coordinator.status().message).toContain("devices have registered"), { interval: 5 });
  await coordinator.close();
  return { tuned, origin: coordinator.origin };
}

const command = (...words: string[]) => createProgram().parseAsync(["run", "branch", ...words, "--out", folder.path], { from: "user" });

test("a run starts from another one by its id, its folder or its prompts file", async () => {
  const { tuned } = await begin({ runId: "earlier" });
  const other = configOf({ run: { ...presets.demo, seed: 7 } });
  const read = await readStart("earlier", other);
  expect(read).toMatchObject({ params: roundTrip(tuned.initial, "f16"), origin: { kind: "promptsFile", runId: "earlier" } });
  expect((await readStart(join(folder.path, "earlier"), other)).params).toEqual(read.params);
  const file = join(folder.path, "p.safetensors");
  await writeFile(
    file,
    writePromptsFile((await promptsOfRun(folder.path, "earlier")) ?? { runId: "", settings: presets.demo, params: {} }),
  );
  expect((await readStart(file, other)).params).toEqual(read.params);
  const { origin } = await begin({ runId: "later", run: other.run, startFrom: "earlier" });
  expect(origin).toMatchObject({ kind: "params", path: "earlier", runId: "earlier" });
});

test("what does not fit, or is not there, is told with the place", async () => {
  await begin({ runId: "earlier" });
  const tuning = { ...presets.demo.tuning, promptTokens: 3 };
  await expect(begin({ runId: "x", run: { ...presets.demo, tuning }, startFrom: "earlier" })).rejects.toThrow(
    "startFrom: earlier does not fit the run: tuning.promptTokens is 16, the run has 3; change the run's settings, or start from other parameters",
  );
  await expect(begin({ runId: "x", startFrom: "nowhere" })).rejects.toThrow(
    "startFrom: nowhere is not there: expected a prompts.safetensors, a run's folder or the folder of a peft adapter",
  );
  expect(settingsOf({ startFrom: "earlier" })).toMatchObject({ startFrom: "earlier" });
});

test("a branch says what is missing before it serves anything", async () => {
  await expect(command("nowhere", "--round", "2")).rejects.toThrow(`${folder.path} has no runs`);
  await begin({ runId: "earlier" });
  await expect(command("earlier", "--round", "2", "--set", "training.clientLearningRat=0.1")).rejects.toThrow(
    "training.clientLearningRat: there is no setting of this name; did you mean training.clientLearningRate?",
  );
  await expect(command("earlier", "--round", "12")).rejects.toThrow(
    "run earlier has 12 rounds: to go on after round 12, give more with --set numRounds=…",
  );
});
