import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { runStatus } from "../commands/run.ts";
import { type ServeOptions, serve } from "../commands/serve.ts";
import { newClient } from "../testing/keptClient.ts";
import { freePort } from "../testing/killHarness.ts";
import { joinAsClient } from "../testing/protocolClient.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { tinyFedAvg, tinyTuned } from "../testing/tinyRun.ts";
import { branchSettings } from "./branchSettings.ts";

let folder = temporaryFolder();
afterEach(() => {
  folder.remove();
  folder = temporaryFolder();
});

const run = tinyFedAvg({ numRounds: 2, evaluateEvery: 2 });

/** Serves a run to its end as the command does, and returns what is printed. */
async function served(changes: object, more: Partial<ServeOptions> = {}): Promise<string[]> {
  const backbone = join(folder.path, "backbones", "tiny");
  mkdirSync(backbone, { recursive: true });
  const config = { numLayers: 3, hiddenSize: 5, numHeads: 2, numKeyValueHeads: 2, headSize: 2 };
  writeFileSync(join(backbone, "manifest.json"), JSON.stringify({ config, tensors: [] }));
  const port = await freePort();
  const places = { dataDir: folder.path, publicDir: folder.path, pagesDir: null, host: "127.0.0.1", port, logLevel: "silent" };
  const client = joinAsClient({ url: `http://127.0.0.1:${port}`, kept: newClient("a") });
  const lines: string[] = [];
  await serve({
    presets: { base: run },
    preset: "base",
    isOver: "whenDone",
    numClasses: () => 3,
    flags: { ...places, expectedClients: 1, ...changes },
    print: (line) => void lines.push(line),
    ...more,
  });
  client.close();
  return lines;
}

test("a branch is served to its end from its settings, says what it is, and is over when the same command comes again", async () => {
  await served({ runId: "first" });
  const presets = { branch: branchSettings(run, ["numRounds=3", "strategy.fineTuneEpochs=0", "evaluateEvery=3"], 2) };
  const order = { startFrom: { run: "first", round: 2 } };
  const options = { presets, preset: "branch" };
  const lines = await served(order, options);
  expect(lines[1]).toBe("it goes on from run first after round 2, with numRounds 3, evaluateEvery 3");
  const { journalled } = await runStatus(folder.path, lines[0]?.slice(4).split(":")[0] ?? "");
  expect(journalled).toMatchObject({ summary: { isDone: true, round: 3 }, origin: { runId: "first", round: 2 } });
  expect(journalled.steps.map(({ round, kind }) => `${round} ${kind}`)).toEqual(["3 train", "3 evaluate"]);
  expect((await served(order, options))[0]).toContain("is already finished");
});

test("a run that starts from tuned parameters says from where when it is served", async () => {
  const origin = { kind: "promptsFile", runId: "earlier", baseModel: null } as const;
  const readStart = async () => ({ params: tinyTuned(run).initial, origin });
  const lines = await served({ startFrom: "runs/earlier" }, { readStart });
  expect(lines[1]).toBe("it starts from runs/earlier (prompts of run earlier)");
});
