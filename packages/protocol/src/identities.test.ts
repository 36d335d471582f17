import { createHash } from "node:crypto";
import type { Tensor } from "@tutti/core";
import { expect, test } from "vitest";
import { parametersSha256, type TaskIdentity, taskId } from "./identities.ts";

const identity: TaskIdentity = { runId: "run-7", stage: "train", round: 3, step: 2, attempt: 4, deviceId: 11, kind: "evaluate" };

test("P-30 a task's id is the documented hash of what the task is", () => {
  const expected = createHash("sha256").update('["run-7","train",3,2,4,11,"evaluate"]').digest("hex").slice(0, 32);
  expect(taskId(identity)).toBe(expected);
});

test("P-30 tasks that differ in anything have different ids", () => {
  const others: TaskIdentity[] = [
    identity,
    { ...identity, runId: "run-8" },
    { ...identity, stage: "count" },
    { ...identity, round: 4 },
    { ...identity, step: 3 },
    { ...identity, attempt: 5 },
    { ...identity, deviceId: 12 },
    { ...identity, kind: "train" },
  ];
  expect(new Set(others.map(taskId)).size).toBe(others.length);
});

test("the hash of parameters is of little-endian floats in name order", () => {
  const tensor = (values: number[]): Tensor => ({ shape: [values.length], data: Float32Array.from(values) });
  const bytes = Buffer.alloc(12);
  [1.5, -2, 3].forEach((value, index) => {
    bytes.writeFloatLE(value, 4 * index);
  });
  const expected = createHash("sha256").update(bytes).digest("hex");
  expect(parametersSha256({ b: tensor([3]), a: tensor([1.5, -2]) })).toBe(expected);
  expect(parametersSha256({ b: tensor([3.0000002]), a: tensor([1.5, -2]) })).not.toBe(expected);
});
