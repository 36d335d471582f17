import { join } from "node:path";
import { presets } from "@tutti/core";
import { rememberTask } from "@tutti/data";
import { expect, test } from "vitest";
import { backboneNamed, demoSettings, taskNamed } from "./demoSettings.ts";

test("without options the demo is the preset", () => {
  expect(demoSettings({})).toEqual(presets.demo);
});

test("options change what they name, and a cohort never exceeds the devices", () => {
  const settings = demoSettings({ devices: 4, rounds: 3, task: "sentiment", alpha: 0.5, seed: 7 });
  expect(settings).toMatchObject({ numDevices: 4, cohortSize: 4, minDevices: 4, numRounds: 3, task: "feedback/sentiment", seed: 7 });
  expect(settings.partition).toEqual({ kind: "dirichletLabel", dirichletAlpha: 0.5 });
});

test("tabs that compute as they were told, however slowly, have time to", () => {
  const { deadlineMs } = presets.demo;
  expect(demoSettings({ backend: "wasm" }).deadlineMs).toBe(deadlineMs);
  expect(demoSettings({ backend: "webgpu" }).deadlineMs).toBe(20 * (deadlineMs ?? 0));
  expect(demoSettings({ kernels: "plain" }).deadlineMs).toBe(20 * (deadlineMs ?? 0));
});

test("another backbone or data set than the preset's is given more time, since nobody has measured it", () => {
  const { deadlineMs } = presets.demo;
  expect(demoSettings({ backbone: "etude" })).toMatchObject({ backbone: "etude", deadlineMs: 20 * (deadlineMs ?? 0) });
  expect(demoSettings({ task: "subj" })).toMatchObject({ task: "subj", deadlineMs: 20 * (deadlineMs ?? 0) });
  expect(demoSettings({ task: "sentiment" }).deadlineMs).toBe(deadlineMs);
});

test("a task is found by its name, and without its data set where that is clear; an unknown one is told with those that there are", () => {
  expect(["topic", "feedback/sentiment", "subj"].map((name) => taskNamed(name).name)).toEqual([
    "feedback/topic",
    "feedback/sentiment",
    "subj",
  ]);
  expect(() => taskNamed("weather")).toThrow(/^there is no task "weather"; the tasks are feedback\/sentiment, feedback\/topic, .*subj/);
});

test("a backbone is named by its folder among the public ones, or by that folder's path", () => {
  expect(backboneNamed("etude", "public")).toBe("etude");
  expect(backboneNamed("public/backbones/etude/", "public")).toBe("etude");
  expect(backboneNamed(join("elsewhere", "etude"), "public")).toBe(join("elsewhere", "etude"));
});

test("a task with answers that are texts is learnt by a backbone that continues texts and without a linear head, dealt out by what its rows have", () => {
  const { demo } = presets;
  const settings = demoSettings({ task: "replies", rounds: 2 });
  expect(settings).toMatchObject({ task: "replies", backbone: "etude", numRounds: 2, partition: demo.partition });
  expect(settings.tuning).toEqual({ ...demo.tuning, head: "labelWords" });
  expect(demoSettings({ task: "replies", backbone: "concerto", alpha: 2 })).toMatchObject({
    backbone: "concerto",
    partition: { kind: "dirichletLabel", dirichletAlpha: 2 },
  });
  const plain = {
    kind: "continuation",
    title: "",
    dataset: "",
    files: { train: "", validation: null, test: "" },
    metric: "perplexity",
  } as const;
  for (const [owner, kind] of [
    ["who", "byField"],
    [null, "iid"],
  ] as const) {
    rememberTask({ ...plain, name: `plain-${kind}`, fields: { text: "text", group: null, owner }, groups: [] });
    expect(demoSettings({ task: `plain-${kind}` }).partition).toEqual({ kind });
  }
});
