import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "@playwright/test";
import { loadBrowserScript } from "@tutti/server/checkout";
import type { Clients } from "../apps/lab/src/drive/clients.ts";
import { openTabClients } from "../apps/lab/src/drive/tabClients.ts";
import { places, projectFolder } from "./setting/places.ts";
import { scratch, serveRun, tinyRun } from "./setting/runs.ts";

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Starts `tutti lab`. */
function lab(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(projectFolder, "apps/cli/bin/tutti.mjs"), "lab", ...args], {
    cwd: projectFolder,
  });
  let stderr = "";
  child.stdout.resume();
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stderr }));
  });
  return { ended, interrupt: () => void child.kill("SIGINT"), said: () => stderr };
}

/** Steps that have closed in the run that is under way. */
async function numClosed(out: string): Promise<number> {
  const ids = await readdir(join(out, "runs")).catch(() => []);
  const texts = await Promise.all(ids.map((id) => readFile(join(out, "runs", id, id, "rounds.jsonl"), "utf8").catch(() => "")));
  return texts.join("").split("\n").length - 1;
}

test("the smoke experiment is stopped in the middle of a run, goes on there and writes its report", async () => {
  test.setTimeout(600_000);
  const out = scratch("smoke");
  await rm(out, { recursive: true, force: true });
  const first = lab("run", "smoke", "--out", out);
  await expect.poll(() => numClosed(out), { timeout: 240_000, intervals: [50] }).toBeGreaterThan(2);
  first.interrupt();
  const stopped = await first.ended;
  expect(stopped.code, stopped.stderr).toBe(130);
  expect(stopped.stderr).toContain("Run the same command to go on.");
  const before = await numClosed(out);
  const last = await lab("run", "smoke", "--out", out).ended;
  expect(last.code, last.stderr).toBe(0);
  const { runs } = JSON.parse(await readFile(join(out, "results.json"), "utf8"));
  expect(runs.map(({ methodTitle, error }: { methodTitle: string; error: string | null }) => [methodTitle, error])).toEqual([
    ["FedPepTAO", null],
    ["FedAvg", null],
  ]);
  const [fedPepTao, fedAvg] = runs;
  // scoring, a counting round and its probe, three rounds and an evaluation
  expect(before).toBeLessThan(7);
  expect(fedPepTao.layerScores.filter((score: number | null) => score !== null)).toHaveLength(5);
  expect(fedPepTao.bytes.stagesAB).toBeGreaterThan(0);
  expect(fedAvg.bytes.stagesAB).toBe(0);
  for (const { final, correct, controls, curve } of runs) {
    const shown = curve.filter(({ split }: { split: string }) => split === "test").map(({ protocol }: { protocol: string }) => protocol);
    expect(new Set(shown)).toEqual(new Set(["personalised", "global", "newcomer"]));
    expect(controls.majority).toBe(0.25);
    expect(controls.zeroShot).toBeGreaterThan(0.25);
    expect(correct).toMatch(/^[01]{288}$/);
    expect(correct.replaceAll("0", "").length / correct.length).toBeCloseTo(final.global.accuracy, 9);
  }
  for (const file of ["report.html", "results.csv", "table.tex", "experiment.yaml"]) expect(await readdir(out)).toContain(file);
  const again = await lab("run", "smoke", "--out", out).ended;
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).not.toContain("started");
});

const joint = `
title: Joint
question: Do clients of elsewhere take part?
base: demo
settings: { numDevices: 30, minDevices: 30, cohortSize: 4, numRounds: 1, evaluateEvery: 1, training: { localEpochs: 1 } }
tasks: [feedback/topic]
seeds: [1]
methods: [pTuningV2]
`;

test("clients of another lab join a run that waits for them", async () => {
  test.setTimeout(240_000);
  const [file, out] = [scratch("joint.yaml"), scratch("joint")];
  await rm(out, { recursive: true, force: true });
  await mkdir(places.runs, { recursive: true });
  await writeFile(file, joint);
  const host = lab("run", file, "--clients", "node", "--tabs", "1", "--remote", "1", "--out", out);
  const address = () => /http:\/\/127\.0\.0\.1:\d+/.exec(host.said())?.[0] ?? "";
  await expect.poll(address, { timeout: 60_000, intervals: [100] }).not.toBe("");
  const guest = lab("join", address(), "--clients", "node", "--tabs", "1");
  const { code, stderr } = await host.ended;
  expect(code, stderr).toBe(0);
  guest.interrupt();
  const left = await guest.ended;
  expect(left.code, left.stderr).toBe(130);
  expect(left.stderr).toContain("Joining run");
  expect(JSON.parse(await readFile(join(out, "results.json"), "utf8")).runs[0]).toMatchObject({ error: null, correctNote: null });
});

test("a run brings as many bytes to a tab that has fetched the same parameters in the run before", async () => {
  const { ensureBrowser, chromiumFlags } = await loadBrowserScript();
  const executablePath = await ensureBrowser({ isInstallAllowed: true });
  const profilesFolder = relative(".", scratch("same-tab")); // as a folder given with --out may be
  const trouble: string[] = [];
  const open = () =>
    openTabClients(1, {
      executablePath,
      chromiumFlags,
      isHeadless: true,
      profilesFolder,
      onTrouble: (sentence) => void trouble.push(sentence),
    });
  /** One run at an address; what a tab has kept of one before at the same address would count. */
  const performAt = async (clients: Clients, port: number) => {
    const coordinator = await serveRun(tinyRun, { expectedClients: 1, port });
    const { url, runId } = coordinator;
    await clients.join(0, { url, runId, folder: join(profilesFolder, runId), backend: "wasm", threads: 1, kernels: "fast" });
    const { traffic, parametersSha256 } = await coordinator.whenDone();
    await coordinator.close();
    return { port: coordinator.port, parametersSha256, ...traffic };
  };
  const before = open();
  const first = await performAt(before, 0);
  const second = await performAt(before, first.port);
  if (existsSync("/proc/self/stat")) expect(before.processorSeconds()).toBeGreaterThan(0.1);
  await before.close();
  const after = open();
  const third = await performAt(after, first.port);
  await after.close();
  expect(trouble).toEqual([]);
  for (const again of [second, third]) {
    expect(again.parametersSha256).toBe(first.parametersSha256);
    for (const label of ["score", "count", "train", "evaluation"] as const) {
      // Whether a status comes before or after a step's last message is a matter of milliseconds; the smallest download is larger.
      expect(Math.abs(again[label].down - first[label].down), label).toBeLessThan(500);
    }
    // the backbone is in storage, not in the cache
    expect(again.backbone.down).toBeLessThan(first.backbone.down / 2);
  }
});

test("wrong use of the lab is told with what was expected, and exit code 2", async () => {
  for (const args of [["nonsense"], ["run", "smoke", "--clients", "phones"], ["run", "smoke", "--tabs", "0"], ["smoke", "other"]]) {
    const { code, stderr } = await lab(...args).ended;
    expect(code, args.join(" ")).toBe(2);
    expect(stderr).not.toContain("    at ");
  }
});
