import { computeDeviceId } from "@tutti/core";
import { expect, test } from "vitest";
import { clientIdentity } from "./clientIdentity.ts";
import { limits, protocolVersion } from "./limits.ts";
import { calls } from "./messages.ts";
import { taskSpecSchema } from "./tasks.ts";

const taskId = "0123456789abcdef0123456789abcdef";
const capabilities = { backend: "wasm", threads: 1, isSecureContext: true, userAgent: "Node" };
const devices = [{ deviceId: computeDeviceId, version: null, pending: taskId }];
const proven = clientIdentity("5f0c9a3e-7f5b-4d43").prove({ audience: "tutti.test", challenge: "a-socket" });
const hello = { protocolVersion, ...proven, hosting: "compute", token: "the-operator-knows", devices, capabilities };
const logits = { kind: "logits", contentKey: taskId + taskId, numTexts: 3, numPositions: 40, topKError: 0.02 };
const distil = { kind: "distil", numSteps: 16, firstLoss: 1.5, lastLoss: 0.75, drift: 0.5 };
const spec = { kind: "distil", large: "concerto", topK: 64, a: 0.75, temperature: 2, numSteps: 16, batchSize: 8, learningRate: 0.001 };
const isSubmitted = (header: object, tensors?: Uint8Array) =>
  calls.submit.request.safeParse({ taskId, deviceId: computeDeviceId, header, ...(tensors === undefined ? {} : { tensors }) }).success;

test("P-90 a compute client says hello with a token", () => {
  const isGreeting = (change: object) => calls.hello.request.safeParse({ ...hello, ...change }).success;
  expect(isGreeting({})).toBe(true);
  const { token: _, ...without } = hello;
  expect(calls.hello.request.safeParse(without).success).toBe(false);
  expect(isGreeting({ token: "x".repeat(limits.maxToken + 1) })).toBe(false);
  expect(isGreeting({ token: "" })).toBe(false);
});

test("P-90 its device has the number behind the last, and there is none behind that", () => {
  expect(computeDeviceId).toBe(limits.maxDevices);
  expect(
    calls.hello.request.safeParse({ ...hello, devices: [{ deviceId: computeDeviceId + 1, version: null, pending: null }] }).success,
  ).toBe(false);
});

test("P-91 a distillation carries tensors, and scores carry none", () => {
  expect(isSubmitted(logits)).toBe(true);
  expect(isSubmitted(distil, Uint8Array.of(1, 2))).toBe(true);
  expect(isSubmitted(distil)).toBe(false);
  expect(isSubmitted(logits, Uint8Array.of(1, 2))).toBe(false);
});

test("P-91 what is out of bounds is refused: a count, an error above 1, a drift below 0, another folder, a name more", () => {
  for (const bad of [{ numTexts: 0 }, { topKError: 1.5 }, { topKError: null }, { contentKey: "abc" }, { texts: ["private"] }]) {
    expect(isSubmitted({ ...logits, ...bad }), JSON.stringify(bad)).toBe(false);
  }
  for (const bad of [{ drift: -1 }, { numSteps: 0 }, { lastLoss: null }]) {
    expect(isSubmitted({ ...distil, ...bad }, Uint8Array.of(1)), JSON.stringify(bad)).toBe(false);
  }
  expect(taskSpecSchema.safeParse(spec).success).toBe(true);
  for (const bad of [{ large: "../secret" }, { topK: 0 }, { a: -1 }, { temperature: 0 }, { learningRate: 0 }, { more: 1 }]) {
    expect(taskSpecSchema.safeParse({ ...spec, ...bad }).success, JSON.stringify(bad)).toBe(false);
  }
});

test("P-91 answers for a report are bounded in number and in length, and carry no tensors", () => {
  const one = { prompt: "hello", reference: "good day", answer: "" };
  const of = (...answers: readonly object[]) => ({ kind: "answers", answers });
  expect(isSubmitted(of(one, one))).toBe(true);
  expect(isSubmitted(of(one), Uint8Array.of(1))).toBe(false);
  expect(isSubmitted(of({ ...one, answer: "a".repeat(limits.maxShownText) }))).toBe(true);
  const { reference: _, ...without } = one;
  for (const bad of [of(), of({ ...one, answer: "a".repeat(limits.maxShownText + 1) }), of(without), of({ ...one, deviceId: 3 })]) {
    expect(isSubmitted(bad), JSON.stringify(bad).slice(0, 80)).toBe(false);
  }
  expect(isSubmitted(of(...Array.from({ length: limits.maxShownAnswers + 1 }, () => one)))).toBe(false);
  expect(taskSpecSchema.safeParse({ kind: "answers", numTexts: 10, maxNewTokens: 48 }).success).toBe(true);
  for (const bad of [{ numTexts: 0 }, { numTexts: limits.maxShownAnswers + 1 }, { maxNewTokens: 0 }, { large: "concerto" }]) {
    expect(taskSpecSchema.safeParse({ kind: "answers", numTexts: 10, maxNewTokens: 48, ...bad }).success, JSON.stringify(bad)).toBe(false);
  }
});
