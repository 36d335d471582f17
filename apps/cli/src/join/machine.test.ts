import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { methods, presets } from "@tutti/core";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../exitCodes.ts";
import { type MachinePorts, machineFor } from "./machine.ts";

const folder = await mkdtemp(join(tmpdir(), "tutti-machine-"));
afterAll(() => rm(folder, { recursive: true }));

const url = "http://a.example/x/";
const urls = { backbone: "backbones/minuet/manifest.json", dataset: "datasets/" };
const planning = { run: methods.fedPipe.settings(presets.demo), urls };
const other = { run: presets.demo, urls };

/** Downloads of 100 kB every 50 ms on a clock that only they move; a link of 2 MB/s. */
function scene(numChunks: number) {
  let now = 0;
  const asked: string[] = [];
  const printed: string[] = [];
  const ports: MachinePorts = {
    now: () => now,
    availableMemory: () => 5e9,
    print: (line) => printed.push(line),
    fetch: async (address, init) => {
      asked.push(`${address} ${new Headers(init?.headers).get("range") ?? "whole"}`);
      if (String(address).endsWith(".json")) return new Response(JSON.stringify({ shards: [{ sha256: "ab", numBytes: 9 }] }));
      let left = numChunks;
      const body = new ReadableStream({
        pull(controller) {
          if (left-- === 0) return controller.close();
          now += 50;
          controller.enqueue(new Uint8Array(100_000));
        },
      });
      return new Response(body);
    },
  };
  return { ports, asked, printed, now: () => now };
}

test("memory and link are measured for a run that plans, with a part of the backbone, and a line says what is told", async () => {
  const { ports, asked, printed } = scene(8);
  const { profile, simulated } = machineFor({}, url, planning, ports);
  expect(asked).toEqual([]);
  expect(await profile?.()).toEqual({ memoryBytes: 2.5e9, bytesPerSecond: 2e6 });
  expect(simulated).toBeUndefined();
  expect(asked).toEqual([
    "http://a.example/x/backbones/minuet/manifest.json whole",
    "http://a.example/x/backbones/minuet/ab.bin bytes=0-1048575",
  ]);
  expect(printed).toEqual([
    "this run plans for each client: it is told that training may use 2.50 GB, a link of 2.00 MB/s, and how fast a matrix product is",
  ]);
});

test("measuring ends after a mebibyte or a second, and a link that cannot be measured counts as 1 MB/s", async () => {
  const long = scene(1000);
  await machineFor({}, url, planning, long.ports).profile?.();
  expect(long.now()).toBeLessThanOrEqual(600); // the stream reads one chunk ahead
  const none = { ...scene(0).ports, fetch: () => Promise.reject(new Error("offline")) };
  expect(await machineFor({}, url, planning, none).profile?.()).toMatchObject({ bytesPerSecond: 1e6 });
});

test("what is said by hand is not measured, and is kept within what the coordinator takes", async () => {
  const { ports, asked } = scene(3);
  expect(await machineFor({ memory: 300, link: 250 }, url, planning, ports).profile?.()).toEqual({
    memoryBytes: 3e8,
    bytesPerSecond: 25e4,
  });
  expect(asked).toEqual([]);
  expect(await machineFor({ memory: 0.5, link: 0.01 }, url, planning, ports).profile?.()).toEqual({
    memoryBytes: 2 ** 20,
    bytesPerSecond: 100,
  });
});

test("a run that does not plan is told nothing, and a line says that an option is not used", () => {
  const { ports, printed } = scene(3);
  expect(machineFor({}, url, other, ports)).toEqual({});
  expect(printed).toEqual([]);
  expect(machineFor({ memory: 300, link: 2 }, url, other, ports)).toEqual({});
  expect(printed).toEqual(["--memory and --link not used: this run does not plan for each client"]);
});

test("a file's machine is simulated in any run; one that is not a machine is wrong use", async () => {
  const { ports } = scene(3);
  const path = join(folder, "slow.yaml");
  await writeFile(path, "flopsPerSecond: 2e9\nmemoryBytes: 200000000\nbytesPerSecond: 1e6\n");
  const machine = { flopsPerSecond: 2e9, memoryBytes: 2e8, bytesPerSecond: 1e6 };
  for (const info of [planning, other]) expect(machineFor({ machine: path }, url, info, ports)).toEqual({ simulated: machine });
  expect(() => machineFor({ machine: path, memory: 3 }, url, planning, ports)).toThrow(
    new UsageError("--machine says memory and link itself: leave out --memory"),
  );
  await writeFile(path, "flopsPerSecond: -2\n");
  expect(() => machineFor({ machine: path }, url, planning, ports)).toThrow(
    /slow.yaml: expected flopsPerSecond.*:\n.*flopsPerSecond: found -2/,
  );
});
