import { startCoordinator } from "@tutti/server";
import { joinAsClient, newClient, tinyFedAvg, tinyTuned } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

/** What `tutti run stop` says of the run of this folder. */
async function stopped(dataDir: string): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  await createProgram().parseAsync(["run", "stop", "--out", dataDir], { from: "user" });
  log.mockRestore();
  return lines.join("\n");
}

test("a run that is stopped can be resumed, and one that is finished only loses its pages", async () => {
  const folder = temporaryFolder();
  const run = tinyFedAvg({ numRounds: 1, evaluateEvery: 1 });
  const options = { run, dataDir: folder.path, runId: "mine", publicDir: folder.path, pagesDir: null, host: "127.0.0.1", port: 0 } as const;
  const start = () => startCoordinator({ ...options, logLevel: "silent", expectedClients: 1 }, { tuned: tinyTuned(run) });
  const first = await start();
  expect(await stopped(folder.path)).toBe("run mine is stopping; the command that started it resumes it");
  await first.whenClosed();
  const second = await start();
  const client = joinAsClient({ url: second.url, kept: newClient("a") });
  await second.whenDone();
  expect(await stopped(folder.path)).toBe("run mine is finished: only its pages are taken down");
  await second.whenClosed();
  client.close();
  folder.remove();
}, 20_000);
