import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunSettings, strategies, tunings } from "@tutti/core";
import { expect, test } from "vitest";
import { findBases } from "./bases.ts";
import { provenHello } from "./testing/keptClient.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";
import { readBackboneSizes, tunedParameters } from "./tuned.ts";

const scene = createScene();
const publicDir = new URL("../../../public", import.meta.url).pathname;
const minuet = join(publicDir, "backbones/minuet/manifest.json");

const base = tinyRun({ backbone: "minuet", numDevices: 2, minDevices: 2, cohortSize: 2, roster: "open" });
const run: RunSettings = {
  ...base,
  tuning: { ...tunings.lora.defaults, rank: 4, promptDropout: 0, positionsAfterPrefix: false, head: "linear", lossOver: "labelWords" },
  strategy: { ...strategies.fedPipe.defaults, bits: [16, 8, 4] },
};

/** A public folder with manifests of minuet in these encodings. */
function folderWith(encodings: Readonly<Record<string, string>>): string {
  const folder = join(scene.folder(), "public");
  for (const [name, encoding] of Object.entries(encodings)) {
    mkdirSync(join(folder, "backbones", name), { recursive: true });
    const manifest = JSON.parse(readFileSync(minuet, "utf8"));
    writeFileSync(join(folder, "backbones", name, "manifest.json"), JSON.stringify({ ...manifest, encoding }));
  }
  return folder;
}

test("a run's backbones at several bits are found beside its own, and those that are missing are named with the command that makes them", () => {
  const all = folderWith({ minuet: "int8", "minuet-f16": "f16", "minuet-nf4": "nf4" });
  expect([...findBases(all, run)]).toEqual([
    [16, "minuet-f16"],
    [8, "minuet"],
    [4, "minuet-nf4"],
  ]);
  expect(findBases(all, { ...run, strategy: { ...strategies.fedPipe.defaults, bits: [] } }).size).toBe(0);
  const wrong = folderWith({ "minuet-nf4": "int8" });
  expect(() => findBases(wrong, run)).toThrow(
    `strategy.bits: 4 bits need the backbone minuet-nf4, which is not in ${join(wrong, "backbones")}; \`tutti backbone add FOLDER --encoding nf4 --name minuet-nf4\` makes it`,
  );
});

test("the project brings minuet at 16, 8 and 4 bits", () => {
  expect([...findBases(publicDir, run).values()]).toEqual(["minuet-f16", "minuet", "minuet-nf4"]);
});

const hello = ({ kept, socket }: ProtocolClient, url: string, profile?: object) => ({
  ...provenHello(kept, { socket, url }),
  hosting: "virtual",
  devices: [],
  capabilities: { backend: "wasm", threads: 1, isSecureContext: true, userAgent: "test" },
  ...(profile === undefined ? {} : { profile }),
});

test("a client is sent to the backbone that its profile has room for, and one that no plan fits is refused with the reason (P-18)", async () => {
  const tuned = tunedParameters(run, readBackboneSizes(publicDir, "minuet"), 4);
  const coordinator = await scene.start(run, { publicDir }, { tuned });
  const say = async (name: string, profile?: object): Promise<unknown> => {
    const client = scene.join(coordinator, `${name}-watching`, { onTask: () => false });
    await client.when("welcome");
    return new Promise((resolve) => client.socket.emit("hello", hello(client, coordinator.url, profile), resolve));
  };
  const sentTo = (name: string) => ({ ok: true, value: { urls: { backbone: `backbones/${name}/manifest.json` } } });
  expect(await say("strong", { memoryBytes: 1e9, bytesPerSecond: 1e7 })).toMatchObject(sentTo("minuet-f16"));
  expect(await say("slow", { memoryBytes: 1e9, bytesPerSecond: 12_000 })).toMatchObject(sentTo("minuet-nf4"));
  expect(await say("small", { memoryBytes: 2e6, bytesPerSecond: 1e7 })).toMatchObject({
    ok: false,
    rule: "P-18",
    message: expect.stringMatching(
      /^no plan of this run fits this machine: the smallest plan \(4 bits, one matrix\) needs .* of memory, and this machine has 2.00 MB/,
    ),
  });
  expect(await say("wild", { memoryBytes: -5, bytesPerSecond: 1e7 })).toMatchObject({ ok: false, rule: "P-3" });
});
