import { expect, test } from "vitest";
import { layersAmong } from "./ownLayers.ts";

const layers = (value: number) => ({ "prefix/1": { shape: [1], data: Float32Array.of(value) } });
const record = (deviceId: number, value: number, stageSteps: number) => ({
  deviceId,
  version: null,
  pending: null,
  state: { local: layers(value), moments: null, stageSteps },
});

test("of a browser's rows those of this run's devices with layers of their own are taken, in the order of the devices", () => {
  const keys = ["ab/mine/000007", "ab/mine/000002", "ab/other/000001", "ab/mine/000003", "ab/mine/000004"];
  const bare = { deviceId: 3, version: null, pending: null, state: { local: {}, moments: null, stageSteps: 4 } };
  const idle = { deviceId: 4, version: null, pending: null, state: null };
  const found = layersAmong(keys, [record(7, 0.7, 5), record(2, 0.2, 5), record(1, 0.1, 5), bare, idle], "mine");
  expect(found).toEqual([
    { deviceId: 2, local: layers(0.2) },
    { deviceId: 7, local: layers(0.7) },
  ]);
});

test("of a device that several tabs hosted in turn, the state that was trained longest counts", () => {
  const keys = ["ab/mine/000002", "cd/mine/000002", "ef/mine/000002"];
  const found = layersAmong(keys, [record(2, 1, 5), record(2, 2, 9), record(2, 3, 7)], "mine");
  expect(found).toEqual([{ deviceId: 2, local: layers(2) }]);
});
