import { startCoordinator } from "@tutti/server";
import { tinyFedAvg, tinyTuned } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

async function printed(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  await createProgram()
    .parseAsync(["run", "order", ...args], { from: "user" })
    .finally(() => log.mockRestore());
  return lines.join("\n");
}

test("P-175 orders are given and listed at the terminal, in the words of its help; what does not fit is said in a sentence", async () => {
  const folder = temporaryFolder();
  const run = tinyFedAvg();
  const places = { dataDir: folder.path, runId: "mine", publicDir: folder.path, pagesDir: null, host: "127.0.0.1", port: 0 } as const;
  const coordinator = await startCoordinator({ run, ...places, logLevel: "silent" }, { tuned: tinyTuned(run) });
  const order = (...args: string[]) => printed(...args, "--out", folder.path);
  expect(await order()).toContain("no order was given yet");
  expect(await order("pause")).toMatch(/^run mine: 1\. \d{4}-\S+Z {2}pause; from the next plan on$/);
  await order("sample-fraction", "0.5");
  await order("deadline", "1.5");
  await order("deadline", "none");
  await order("skew", "0.2");
  await order("take-back", "skew");
  await order("drop", "0.5");
  const { events, inForce } = coordinator.orders();
  expect(events.map((event) => event.order)).toEqual([
    { kind: "pause" },
    { kind: "sampleFraction", fraction: 0.5 },
    { kind: "deadline", deadlineMs: 1500 },
    { kind: "deadline", deadlineMs: null },
    { kind: "skew", dirichletAlpha: 0.2 },
    { kind: "takeBack", what: "skew" },
    { kind: "drop", fraction: 0.5 },
  ]);
  expect(await order()).toContain(`in force: ${JSON.stringify(inForce)}`);
  for (const [args, why] of [
    [["start"], "this run begins by itself"],
    [["new-run"], "this coordinator serves one run alone"],
    [["sample-fraction", "7"], "this is not an order: fraction"],
    [["sample-fraction", "half"], "found half, expected a share such as 0.5"],
    [["take-back", "everything"], "take-back: found everything, expected sample-fraction, deadline, skew, drop, poison"],
    [["explode"], "order: found explode, expected one of start, pause"],
  ] as const)
    await expect(order(...args), why).rejects.toThrow(why);
  expect(coordinator.orders().events).toHaveLength(7);
  await coordinator.close();
  await expect(order("pause")).rejects.toThrow("no coordinator is running in the folder");
  folder.remove();
});
