import { expect, test } from "vitest";
import { createTensor, type Params } from "../../params.ts";
import { loraRun } from "../../testing/loraRun.ts";
import { activationMemory, type BackboneCost, baseMemory } from "./costs.ts";
import { fedPipe } from "./index.ts";
import { bitsOnJoining, type Joining } from "./joining.ts";

const backbone: BackboneCost = { numValues: 1_000_000, numLayerValues: 800_000, numLayers: 2, hiddenSize: 64, innerSize: 256 };
const names = ["lora/0/query/a", "lora/0/query/b"];
const shape = { numLayers: 1, layerNames: [names], alwaysShared: [], backbone };
const initial: Params = {
  "lora/0/query/a": createTensor([4, 64], new Float32Array(256)),
  "lora/0/query/b": createTensor([64, 4], new Float32Array(256)),
};
const base = loraRun();
const run: Joining["run"] = { ...base, strategy: { ...fedPipe.defaults, bits: [16, 8, 4] } };
const joining = (machine: Partial<Joining["machine"]>): Joining => ({
  run,
  shape,
  initial,
  machine: { memoryBytes: 1e9, bytesPerSecond: 1e6, baseForm: "packed", ...machine },
});
/** Memory of everything but the base in the smallest plan. */
const smallest = activationMemory(backbone, 4, run.strategy.tokensPerText) + 16 * 2 * 128;
/** With the highest rank, of 4. */
const largest = smallest + 16 * 2 * 128;

test("a client is given the backbone that its plan names: as many bits as memory and link have room for", () => {
  expect(bitsOnJoining(joining({}))).toBe(16);
  expect(bitsOnJoining(joining({ memoryBytes: baseMemory(backbone, 8, "packed") + largest }))).toBe(8);
  expect(bitsOnJoining(joining({ memoryBytes: baseMemory(backbone, 4, "packed") + smallest }))).toBe(4);
  expect(bitsOnJoining(joining({ bytesPerSecond: 10_000 }))).toBe(8); // 1.03 MB in 103 s, 2 MB in 200 s
  expect(bitsOnJoining(joining({ bytesPerSecond: 10_000, baseForm: "unpacked" }))).toBe(8);
});

test("a client whose profile no plan fits is refused with a sentence; one that is only slow is looked at again when rounds are planned", () => {
  expect(bitsOnJoining(joining({ memoryBytes: 1_100_000 }))).toEqual({
    refused: expect.stringMatching(/^the smallest plan \(4 bits, one matrix\) needs/),
    lack: { of: "memory", needed: 1_714_994, available: 1_100_000 },
  });
  expect(bitsOnJoining(joining({ bytesPerSecond: 1000 }))).toMatchObject({
    refused: expect.stringMatching(/^the smallest backbone \(4 bits/),
    lack: { of: "downloadTime" },
  });
  expect(bitsOnJoining(joining({ flopsPerSecond: 1e5 }))).toBe(16);
});
