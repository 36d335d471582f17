import { expect, test } from "vitest";
import { withoutResting } from "./helperDevices.ts";
import type { Device } from "./task.ts";

const device = (id: number, more: Partial<Device> = {}): Device => ({ id, numExamples: 5 + id, isConnected: true, ...more });
const helper = (id: number, more: Partial<Device> = {}): Device => device(id, { isHelper: true, ...more });
const ids = (devices: readonly Device[]): number[] => devices.map(({ id }) => id);

const helpers = [helper(0), helper(1), helper(2), helper(3)];

test("each person's device takes the place of one helper, of those with the highest numbers first", () => {
  expect(ids(withoutResting([...helpers, device(4)], 4))).toEqual([0, 1, 2, 4]);
  expect(ids(withoutResting([...helpers, device(4), device(5), device(6)], 4))).toEqual([0, 4, 5, 6]);
});

test("where there are people enough, only people train, however many they are", () => {
  const people = [4, 5, 6, 7, 8, 9].map((id) => device(id));
  expect(ids(withoutResting([...helpers, ...people], 4))).toEqual([4, 5, 6, 7, 8, 9]);
});

test("helpers train for nobody: without a person's device that is there, all of them rest", () => {
  expect(withoutResting(helpers, 4)).toEqual([]);
  expect(ids(withoutResting([...helpers, device(4, { isConnected: false })], 4))).toEqual([4]);
  expect(ids(withoutResting([...helpers, device(4, { hasLeft: true })], 4))).toEqual([4]);
});

test("a helper that is away fills no place, and one comes back for a person who leaves", () => {
  const away = [helper(0, { isConnected: false }), ...helpers.slice(1)];
  expect(ids(withoutResting([...away, device(4), device(5)], 4))).toEqual([1, 2, 4, 5]);
  expect(ids(withoutResting([...helpers, device(4), device(5, { isConnected: false })], 3))).toEqual([0, 1, 4, 5]);
});
