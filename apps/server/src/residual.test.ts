import { mapParams, type RunSettings, residualOf, strategies } from "@tutti/core";
import { decodeParams, encodeParams, type TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";
import { tunedParameters } from "./tuned.ts";

const scene = createScene();

const lora = {
  method: "lora",
  rank: 2,
  alpha: 4,
  promptDropout: 0,
  positionsAfterPrefix: false,
  head: "linear",
  lossOver: "labelWords",
} as const;

type Name = "fedExLora" | "fLora";
const names: readonly Name[] = ["fedExLora", "fLora"];

function runOf(name: Name): RunSettings {
  const base = tinyFedAvg({ tuning: lora, numRounds: 4, evaluateEvery: 4, paramsEncoding: "f16" });
  return { ...base, training: { ...base.training, resetMoments: true }, strategy: strategies[name].defaults as RunSettings["strategy"] };
}

/** On matrices so wide that a round's residual, of rank 4 or 6, is a small part of them. */
const wide = (run: RunSettings) => ({ tuned: tunedParameters(run, { numLayers: 3, hiddenSize: 64, keyValueWidth: 56 }, 3) });

/** The names and hashes of the residual's parts in a lease. */
const partsOf = ({ parameterSets }: TaskLease) =>
  Object.entries(parameterSets).flatMap(([name, { sha256 }]) => (name.startsWith("residual/") ? [[name, sha256] as const] : []));

test.each(names)(
  "%s: a part of the residual has the same bytes in every later round, and a device that missed rounds is told of all",
  async (name) => {
    const run = runOf(name);
    const coordinator = await scene.start(run, { expectedClients: 2 }, wide(run));
    const clients = ["a", "b"].map((one) => scene.join(coordinator, one));
    const leases: TaskLease[] = [];
    for (let round = 1; round <= 4; round++) {
      const seen = await Promise.race(clients.map((client) => client.when("task", ({ lease }) => lease.round === round)));
      leases.push(seen.lease);
    }
    const parts = leases.map(partsOf);
    expect(parts.map((own) => own.map(([part]) => part))).toEqual([
      [],
      ["residual/0"],
      ["residual/0", "residual/1"],
      ["residual/0", "residual/1", "residual/2"],
    ]);
    expect(parts[2]?.[0]).toEqual(parts[1]?.[0]);
    expect(parts[3]?.slice(0, 2)).toEqual(parts[2]);
    const blob = leases[3]?.parameterSets["residual/2"];
    const part = decodeParams(await (await fetch(`${coordinator.url}/blobs/${blob?.sha256}`)).arrayBuffer());
    expect(Object.keys(part)).toContain("residual/0/query/b");
    const { newcomerParams, steps } = await coordinator.whenDone();
    expect(newcomerParams["residual/0/query/b"]?.shape[1]).toBeGreaterThanOrEqual(4 * 2);
    // what the devices fetch grows by the residual's parts, which are f32 beside a W in f16
    const downs = steps.filter(({ kind }) => kind === "train").map(({ bytesDown }) => bytesDown);
    expect(downs[1]).toBeGreaterThan((downs[0] ?? 0) + (blob?.numBytes ?? Number.NaN) / 2);
  },
);

test.each(names)("%s killed in the middle of its rounds goes on from the journalled residual, to the same bits", async (name) => {
  const run = runOf(name);
  for (const ports of [wide(run), {}]) {
    // with the tiny matrices of 5 and 4 the residual is dense
    const calm = await scene.start(run, { expectedClients: 1, runId: "calm" }, { ...ports, store: memoryStore() });
    scene.join(calm, "a");
    const { newcomerParams, parametersSha256 } = await calm.whenDone();
    const form = "tuned" in ports ? "b" : "dense";
    expect(Object.keys(residualOf({ "residual/0": newcomerParams })).some((one) => one.endsWith(`query/${form}`))).toBe(true);
    await calm.close();
    const content = new Map<string, Uint8Array>();
    const first = await scene.start(run, { expectedClients: 1, runId: "killed" }, { ...ports, store: memoryStore(content) });
    const a = scene.join(first, "a", { onTask: ({ round }) => round <= 2 });
    await a.when("task", ({ lease }) => lease.round === 3);
    a.close();
    await first.close();
    const second = await scene.start(run, { expectedClients: 1, runId: "killed" }, { ...ports, store: memoryStore(content) });
    scene.join(second, "a", { kept: a.kept });
    expect((await second.whenDone()).parametersSha256).toBe(parametersSha256);
    await second.close();
  }
});

test("a residual with values beyond f16 travels in f32 and stops no run", async () => {
  const run = { ...runOf("fLora"), numRounds: 2, evaluateEvery: 2 };
  const coordinator = await scene.start(run, { expectedClients: 1 });
  const client: ProtocolClient = scene.join(coordinator, "a", {
    async onTask(lease) {
      if (lease.spec.kind !== "train" || lease.round > 1) return true;
      const far = mapParams(decodeParams((await client.prepare(lease)).tensors ?? new Uint8Array(0)), ({ shape, data }) => ({
        shape,
        data: data.fill(9000),
      }));
      await client.call("submit", { ...(await client.prepare(lease)), tensors: encodeParams(far, lease.expects.encoding) });
      return false;
    },
  });
  const { lease } = await client.when("task", ({ lease: one }) => one.round === 2);
  const ref = lease.parameterSets["residual/0"];
  const part = decodeParams(await (await fetch(`${coordinator.url}/blobs/${ref?.sha256}`)).arrayBuffer());
  expect(Math.max(...(part["residual/0/query/dense"]?.data ?? []))).toBeGreaterThan(65_504);
  expect((await coordinator.whenDone()).summary.isDone).toBe(true);
});
