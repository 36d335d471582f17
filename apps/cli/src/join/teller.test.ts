import type { Status } from "@tutti/protocol";
import { expect, test } from "vitest";
import { createProgress } from "../progress.ts";
import { tasksText } from "./sentences.ts";
import { createTeller } from "./teller.ts";

function telling() {
  const lines: string[] = [];
  const progress = createProgress({ isTTY: false, write: (text) => void lines.push(`progress: ${text.trim()}`) }, () => 0);
  return { lines, teller: createTeller({ print: (line) => void lines.push(line), progress }) };
}

test("an outage is told once, and its end once", () => {
  const { lines, teller } = telling();
  for (const state of ["connecting", "online", "retrying", "retrying", "connecting", "online"] as const)
    teller.onEvent({ kind: "connection", state });
  expect(lines).toEqual(["the coordinator does not answer; this client keeps its work and tries again", "the coordinator answers again"]);
});

test("the end says what was done; an end that is a failure is an error with what to do", () => {
  const { lines, teller } = telling();
  const task = { taskId: "t", deviceId: 3, kind: "train", stage: "train", round: 1 } as const;
  teller.onEvent({ kind: "taskStarted", task });
  teller.onEvent({ kind: "taskEnded", task, outcome: "accepted", numBytes: 900 });
  teller.onEvent({ kind: "taskStarted", task });
  teller.onEvent({
    kind: "traffic",
    traffic: { sentBytes: 1500, receivedBytes: 2_460_000, layerBytes: 0, allLayersBytes: 0, allLayersF32Bytes: 0, stateBytes: 0 },
  });
  teller.tellEnd({ reason: "finished" }, "r1", "/state");
  expect(lines).toEqual(["run r1 is over: 2 tasks (2 training), 1.50 kB sent, 2.46 MB received"]);
  const failing = (end: Parameters<typeof teller.tellEnd>[0]) => () => teller.tellEnd(end, "r1", "/state");
  expect(failing({ reason: "replaced" })).toThrow("another client with the state in /state has joined");
  expect(failing({ reason: "removed" })).toThrow("the operator removed this client from the run");
  expect(failing({ reason: "failed", message: "Why." })).toThrow("Why.");
});

test("nothing is told after the end, also of a task whose answer comes as the session ends", () => {
  const { lines, teller } = telling();
  const task = { taskId: "t", deviceId: 3, kind: "train", stage: "train", round: 1 } as const;
  teller.onEvent({ kind: "status", status: { stage: "train", round: 1, numRounds: 1, message: null } as Status });
  teller.onEvent({ kind: "taskStarted", task });
  teller.tellEnd({ reason: "finished" }, "r1", "/state");
  teller.onEvent({ kind: "taskEnded", task, outcome: "accepted", numBytes: 900 });
  teller.onEvent({ kind: "connection", state: "retrying" });
  expect(lines).toEqual([expect.stringMatching(/^run r1 is over/)]);
});

test("tasks are counted by what they were", () => {
  expect(tasksText({})).toBe("0 tasks");
  expect(tasksText({ evaluate: 1 })).toBe("1 task (1 evaluating)");
  expect(tasksText({ evaluate: 1, train: 2, score: 1 })).toBe("4 tasks (1 scoring layers, 2 training, 1 evaluating)");
});
