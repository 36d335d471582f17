import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { giveOrder, runStatus } from "../commands/run.ts";
import { type ServeOptions, serve } from "../commands/serve.ts";
import { newClient } from "../testing/keptClient.ts";
import { freePort } from "../testing/killHarness.ts";
import { joinAsClient, type ProtocolClient } from "../testing/protocolClient.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { tinyFedAvg, tinyTuned } from "../testing/tinyRun.ts";

const closeables: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
});

const run = tinyFedAvg({ numRounds: 2, evaluateEvery: 2, numDevices: 2, minDevices: 2, cohortSize: 2 });

interface Served {
  readonly lines: string[];
  readonly dataDir: string;
  readonly client: ProtocolClient;
  /** Ends the command as a signal would. */
  stop(): Promise<unknown>;
}

/** Serves until it is stopped, with a client that is there before and stays. */
async function served(flags: object, dataDir: string, port: number, name: string, more: Partial<ServeOptions> = {}): Promise<Served> {
  const backbone = join(dataDir, "backbones", "tiny");
  mkdirSync(backbone, { recursive: true });
  const config = { numLayers: 3, hiddenSize: 5, numHeads: 2, numKeyValueHeads: 2, headSize: 2 };
  writeFileSync(join(backbone, "manifest.json"), JSON.stringify({ config, tensors: [] }));
  const places = { dataDir: join(dataDir, "runs"), publicDir: dataDir, pagesDir: null, host: "127.0.0.1", port, logLevel: "silent" };
  const lines: string[] = [];
  const abort = new AbortController();
  const client = joinAsClient({ url: `http://127.0.0.1:${port}`, kept: newClient(name), token: "blue heron" });
  const end = serve({
    presets: { base: run },
    preset: "base",
    isOver: "whenStopped",
    numClasses: () => 3,
    flags: { ...places, expectedClients: 1, admission: "code", ...("codeWords" in flags ? {} : { codeWord: "blue heron" }), ...flags },
    print: (line) => void lines.push(line),
    signal: abort.signal,
    ...more,
  });
  const stop = () => {
    client.close();
    abort.abort();
    return end;
  };
  closeables.push(stop);
  await until(() => lines.some((line) => line.startsWith("files are in")));
  return { lines, dataDir: places.dataDir, client, stop };
}

const runsIn = (lines: readonly string[]) => lines.flatMap((line) => /^run (\S+): /.exec(line)?.[1] ?? []);

test("P-179 a new run follows at the same address and link, its clients join by themselves, and the command that is given again goes on there", async () => {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const port = await freePort();
  const { lines, dataDir, client, stop } = await served({ runId: "class" }, folder.path, port, "a");
  await until(() => lines.some((line) => line.startsWith("run class is finished")));
  const operatorLine = lines.find((line) => line.startsWith("the operator's page"));
  expect(operatorLine).toMatch(/^the operator's page, for you alone: http:\/\/127\.0\.0\.1:\d+\/stage#operator=[\w-]{32}$/);
  expect((await giveOrder(dataDir, { kind: "newRun", seed: 77 }, "class"))?.event).toMatchObject({ number: 1, nextRunId: "class-run2" });
  await client.when("goodbye", ({ goodbye }) => goodbye.reason === "newRun");
  await until(() => lines.some((line) => line.startsWith("run class-run2 is finished")));
  expect(lines.filter((line) => line === operatorLine)).toHaveLength(2);
  expect(runsIn(lines)).toEqual(["class", "class-run2"]);
  const [first, second] = [await runStatus(dataDir, "class"), await runStatus(dataDir, "class-run2")];
  expect([first.journalled.run.seed, second.journalled.run.seed]).toEqual([run.seed, 77]);
  expect([first.journalled.summary?.isDone, second.journalled.summary?.isDone]).toEqual([true, true]);
  await stop();
  const again = await served({ runId: "class" }, folder.path, port, "a");
  expect(runsIn(again.lines)).toEqual(["class-run2"]);
});

test("P-179, P-190 a coordinator that is started again for the run before still serves behind the three words that were drawn for that run", async () => {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const port = await freePort();
  const words = { runId: "class", codeWords: true };
  const linkIn = (lines: readonly string[]) => /#token=([\w-]+)/.exec(lines.find((line) => line.startsWith("open ")) ?? "")?.[1];
  const { lines, dataDir, stop } = await served(words, folder.path, port, "a");
  const drawn = linkIn(lines);
  expect(drawn).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/);
  await giveOrder(dataDir, { kind: "newRun" }, "class");
  await until(() => runsIn(lines).includes("class-run2"));
  await stop();
  const again = await served(words, folder.path, port, "a");
  expect(runsIn(again.lines)).toEqual(["class-run2"]);
  expect(linkIn(again.lines)).toBe(drawn);
});

test("P-179 whom the operator has let in need not be let in again in the run that follows", async () => {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const { lines, dataDir, client } = await served({ runId: "class", approval: true }, folder.path, await freePort(), "a");
  await client.when("refused", ({ rule }) => rule === "P-104");
  await giveOrder(dataDir, { kind: "approve", clientKey: client.kept.key }, "class");
  client.socket.disconnect().connect();
  await client.when("welcome");
  await giveOrder(dataDir, { kind: "newRun" }, "class");
  await until(() => lines.some((line) => line.startsWith("run class-run2 is finished")));
});

test("P-179 another strategy goes on in a linked run from the present parameters", async () => {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const readStart = async (path: string) => {
    const { journalled } = await runStatus(join(folder.path, "runs"), path);
    const params = journalled.newcomerParams ?? tinyTuned(run).initial;
    return { params, origin: { kind: "promptsFile", runId: path, baseModel: null } as const };
  };
  const { lines, dataDir } = await served({ runId: "class" }, folder.path, await freePort(), "a", { readStart });
  await until(() => lines.some((line) => line.startsWith("run class is finished")));
  const strategy = { name: "fedAvgM", serverMomentum: 0.5 } as const;
  await giveOrder(dataDir, { kind: "switchStrategy", strategy }, "class");
  await until(() => lines.some((line) => line.startsWith("run class-run2 is finished")));
  const { journalled } = await runStatus(dataDir, "class-run2");
  expect(journalled.run.strategy).toEqual({ ...strategy, serverLearningRate: expect.any(Number) });
  expect(journalled.origin).toMatchObject({ kind: "params", runId: "class" });
});

test("P-179 where the run that follows cannot be served the order is refused, and the one that is there goes on", async () => {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const { lines, dataDir } = await served({ runId: "class" }, folder.path, await freePort(), "a");
  await until(() => lines.some((line) => line.startsWith("run class is finished")));
  const wrong = [
    [{ name: "scaffold" }, 'the strategy does not fit this run: training.optimizer: found "adamW"; scaffold needs sgd'],
    [{ name: "fedAvgM", serverMomentum: 7 }, "strategy.serverMomentum"],
    [{ name: "fedNone" }, "there is no strategy fedNone"],
    [{ name: "module" }, "there is no strategy module"],
  ] as const;
  for (const [strategy, why] of wrong) await expect(giveOrder(dataDir, { kind: "switchStrategy", strategy }, "class")).rejects.toThrow(why);
  expect((await runStatus(dataDir, "class")).live?.phase).toBe("done");
  expect(runsIn(lines)).toEqual(["class"]);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
