import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { awaited, isEnough, wantedContributions } from "./closing.ts";

const tasks = [5, 2, 9, 4, 7].map((deviceId) => ({ deviceId }));
const among = (...ids: number[]) => new Set(ids);

test("a step without a rule waits for all", () => {
  expect(wantedContributions({ tasks })).toBe(5);
  expect(isEnough({ tasks }, among(5, 2, 9, 4))).toBe(false);
  expect(isEnough({ tasks }, among(5, 2, 9, 4, 7))).toBe(true);
});

test("with more devices than needed a step closes at the first S contributions, whoever they are of", () => {
  expect(isEnough({ tasks, closesAt: 3 }, among(9, 4))).toBe(false);
  expect(isEnough({ tasks, closesAt: 3 }, among(9, 4, 2))).toBe(true);
});

test("a step that wants S does not close before those it waits for are in, though others have made up the number", () => {
  const rule = { tasks, closesAt: 3, optional: [9, 4, 7] };
  expect(awaited(rule)).toEqual([5, 2]);
  expect(isEnough(rule, among(9, 4, 7))).toBe(false);
  expect(isEnough(rule, among(5, 2))).toBe(false);
  expect(isEnough(rule, among(5, 2, 7))).toBe(true);
});

test("a step for everybody waits for those who are not optional alone", () => {
  const rule = { tasks, optional: [5, 7] };
  expect(wantedContributions(rule)).toBe(3);
  expect(isEnough(rule, among(2, 9, 7))).toBe(false);
  expect(isEnough(rule, among(2, 9, 4))).toBe(true);
});

test("a step whose devices are all optional waits for all of them, or for as many as it wants", () => {
  const optional = tasks.map(({ deviceId }) => deviceId);
  expect(isEnough({ tasks, optional }, among(2, 9, 4, 7))).toBe(false);
  expect(isEnough({ tasks, optional, closesAt: 2 }, among(2, 9))).toBe(true);
});

test("one more contribution never opens a step that could close, and all of them always close it", () => {
  const random = createRandom(5).stream({ purpose: "rules" });
  for (let i = 0; i < 500; i++) {
    const optional = tasks.map(({ deviceId }) => deviceId).filter(() => random.integer(2) === 0);
    const rule = { tasks, optional, ...(random.integer(2) === 0 ? {} : { closesAt: 1 + random.integer(7) }) };
    const order = random.shuffle(tasks.map(({ deviceId }) => deviceId));
    const open = order.map((_, n) => isEnough(rule, new Set(order.slice(0, n + 1))));
    expect(open).toEqual([...open].sort());
    expect(open.at(-1)).toBe(true);
  }
});
