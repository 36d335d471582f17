import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { runSettingsSchema } from "../runSettings.ts";
import { nearestOf } from "./nearest.ts";
import { settingFaults } from "./settingFaults.ts";

const shape = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("round"), radius: z.number().positive().max(7) }),
  z.strictObject({ kind: z.literal("square"), sideLength: z.int().min(2) }),
]);
const cup = z.strictObject({
  title: z.string().min(1).max(9),
  colour: z.enum(["red", "green"]).default("red"),
  fill: z.union([z.literal("full"), z.number().min(0).max(1)]).default("full"),
  isHot: z.boolean().default(false),
  shape,
  handles: z
    .array(z.union([z.enum(["left", "right"]), z.strictObject({ at: z.int().min(0), isBig: z.boolean() })]))
    .max(2)
    .default([]),
  labels: z
    .record(
      z
        .string()
        .regex(/^[a-z]+$/)
        .describe("small letters"),
      z.strictObject({ inkColour: z.string() }),
    )
    .default({}),
  note: z.string().nullable().default(null),
});
const schema = z.strictObject({ cup, saucerWidth: z.number().min(3).lt(9) });
const good = { cup: { title: "a", shape: { kind: "round", radius: 3 } }, saucerWidth: 4 };
const faults = (cupChange: object, change: object = {}) =>
  settingFaults(schema, { ...good, ...change, cup: { ...good.cup, ...cupChange } });

test("settings that fit have no faults", () => {
  expect(faults({})).toEqual([]);
});

test("each kind of fault has a line of its own: where, what was found, what was expected", () => {
  const wrong = { title: "", colour: 5, fill: 2, isHot: "no", shape: { kind: "round", radius: 0 }, handles: ["left", "up", "left"] };
  expect(faults({ ...wrong, labels: { A: { inkColour: "x" } }, note: 3 }, { saucerWidth: 9 })).toEqual([
    'cup.title: found "", expected text of 1 to 9 characters',
    "cup.colour: found 5, expected one of red, green",
    "cup.fill: found 2, expected full or a number from 0 to 1",
    'cup.isHot: found "no", expected true or false',
    "cup.shape.radius: found 0, expected a number above 0 and at most 7",
    "cup.handles: found a list of 3, expected a list of at most 2 entries, each one of left, right or names and values: at, isBig",
    'cup.handles.1: found "up", expected one of left, right or names and values: at, isBig',
    'cup.labels.A: found "A" as a name, expected small letters',
    "cup.note: found 3, expected text or null",
    "saucerWidth: found 9, expected a number at least 3 and below 9",
  ]);
  expect(settingFaults(schema, 5)).toEqual(["the file: found 5, expected names and values: cup, saucerWidth"]);
  expect(settingFaults(schema, {})).toEqual([
    "cup: not given, expected names and values: title, colour, fill, isHot, shape, handles, labels, note",
    "saucerWidth: not given, expected a number at least 3 and below 9",
  ]);
});

test("what to do is told where that is known", () => {
  expect(faults({ isHot: "true" })).toEqual(['cup.isHot: found "true", expected true or false; write true without quotes']);
  expect(faults({}, { saucerWidth: "5" })).toEqual([expect.stringContaining("; write 5 without quotes")]);
  expect(faults({}, { saucerWidth: "55" })).toEqual(['saucerWidth: found "55", expected a number at least 3 and below 9']);
  expect(faults({ colour: "Gren" })).toEqual([expect.stringContaining("; did you mean green?")]);
  expect(faults({ shape: "squar" })).toEqual([
    'cup.shape: found "squar", expected names and values, with kind one of round, square; write { kind: square }',
  ]);
  expect(faults({ shape: { kind: "rund" } })).toEqual(['cup.shape.kind: found "rund", expected one of round, square; did you mean round?']);
  expect(faults({ shape: {} })).toEqual(["cup.shape.kind: not given, expected one of round, square"]);
});

test("an unknown name is told with the whole paths of the nearest ones, wherever they stand", () => {
  expect(faults({ titel: "x", radius: 3, saucer_width: 3, side: 1, "shape.radius": 2 })).toEqual([
    "cup.titel: there is no setting of this name; did you mean cup.title?",
    "cup.radius: there is no setting of this name; did you mean cup.shape.radius (where cup.shape.kind is round)?",
    "cup.saucer_width: there is no setting of this name; did you mean saucerWidth?",
    "cup.side: there is no setting of this name; expected one of title, colour, fill, isHot, shape, handles, labels, note",
    'cup."shape.radius": there is no setting of this name; write shape: { radius: 2 }',
  ]);
  expect(faults({ colour: "red" }, { colur: 1, length: 2 })).toEqual([
    "colur: there is no setting of this name; did you mean cup.colour?",
    "length: there is no setting of this name; did you mean cup.shape.sideLength (where cup.shape.kind is square)?",
  ]);
  expect(faults({ handles: [{ at: 1, isbigg: true }] })).toEqual([
    "cup.handles.0.isBig: not given, expected true or false",
    "cup.handles.0.isbigg: there is no setting of this name; did you mean cup.handles.0.isBig?",
  ]);
  expect(faults({ labels: { a: { inkColor: "x", inkColour: "y" } } })).toEqual([
    "cup.labels.a.inkColor: there is no setting of this name; did you mean cup.labels.a.inkColour?",
  ]);
});

test("whatever a name is made of, its fault is one line of a length that can be read", () => {
  const names = ["two\nlines", "a: b", "", "\u001b[2J", "y".repeat(1e6), "__proto__", "constructor"];
  const lines = settingFaults(schema, { ...good, ...Object.fromEntries(names.map((name) => [name, 1])) });
  expect(lines).toHaveLength(names.length);
  for (const line of lines) expect(line).toMatch(/^[^\p{Cc}]{1,300}$/u);
  expect(lines[0]).toMatch(/^"two\\nlines": there is no setting of this name; expected one of cup, saucerWidth$/);
});

test("a name of another choice is told as that", () => {
  expect(faults({ shape: { kind: "round", radius: 3, sideLength: 2 } })).toEqual([
    'cup.shape.sideLength: this setting exists only where cup.shape.kind is square; cup.shape.kind is "round": leave the setting out, or change cup.shape.kind',
  ]);
  expect(faults({ shape: { kind: "round", radius: 3, sidelength: 2 } })).toEqual([
    "cup.shape.sidelength: there is no setting of this name; did you mean cup.shape.sideLength (where cup.shape.kind is square)?",
  ]);
});

test("settings that stand below a name are told with it, beside names that stand elsewhere", () => {
  const place = { path: ["kitchen"], others: [{ path: ["kettle"], choice: null }] };
  expect(settingFaults(schema, { ...good, saucerWidth: 1, ketle: 1, titles: 2 }, place)).toEqual([
    "kitchen.saucerWidth: found 1, expected a number at least 3 and below 9",
    "kitchen.ketle: there is no setting of this name; did you mean kettle?",
    "kitchen.titles: there is no setting of this name; did you mean kitchen.cup.title?",
  ]);
});

test("the nearest are those with the fewest slips, then those that a name is the end of, then a part of", () => {
  const near = (word: string) => nearestOf(word, ["localEpochs", "fineTuneEpochs", "epochsInAll", "port", "preset"], (name) => name);
  expect(near("localEpoch")).toEqual(["localEpochs"]);
  expect(near("LOCAL_EPOCHS")).toEqual(["localEpochs"]);
  expect(near("epochs")).toEqual(["localEpochs", "fineTuneEpochs"]);
  expect(near("prot")).toEqual(["port"]);
  expect(near("weather")).toEqual([]);
});

test("a choice that several shapes of an outer one have is told once", () => {
  const scheduled = { name: "cosine", endFraction: 0.1 };
  const faultsOf = (strategy: object) =>
    settingFaults(runSettingsSchema, { ...presets.demo, strategy: { ...presets.demo.strategy, ...strategy } });
  expect(faultsOf({ endFraction: 0.1 })).toEqual([
    "strategy.endFraction: there is no setting of this name; did you mean strategy.keepFraction or strategy.serverRateSchedule.endFraction (where strategy.serverRateSchedule.name is cosine)?",
  ]);
  expect(faultsOf({ serverRateSchedule: { ...scheduled, every: 3 } })).toEqual([
    'strategy.serverRateSchedule.every: this setting exists only where strategy.serverRateSchedule.name is stepwise; strategy.serverRateSchedule.name is "cosine": leave the setting out, or change strategy.serverRateSchedule.name',
  ]);
});
