import { methods, presets } from "@tutti/core";
import { runSettingsSchema, settingFaults } from "@tutti/protocol";
import { coordinatorConfigSchema } from "@tutti/server";
import { expect, test } from "vitest";
import type { z } from "zod";
import { experimentSchema } from "./experimentSchema.ts";

/** How the schema library says things; none of it reaches a person. */
const libraryWords =
  /invalid |too small|too big|unrecognized|received|discriminator|[<>]=|expected (string|number|int|boolean|object|array|record|map|null|undefined|nan|nonoptional|never|one of "|')|must (match|be)|multiple of/i;

const wrongValues: readonly unknown[] = [
  null,
  true,
  false,
  "",
  "x",
  "weather",
  "5",
  "true",
  -1,
  0,
  0.5,
  1e12,
  -1e-9,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  [],
  [null],
  ["x", 3],
  {},
  { weather: 1 },
  { name: "weather", kind: "weather", method: "weather" },
  "y".repeat(500),
];

/** Copies of an input, each with one value wrong, left out or under an unknown name, and the path of that; of values inside lists too. */
function* spoiled(value: unknown, put: (changed: unknown) => unknown, path = ""): Generator<readonly [path: string, changed: unknown]> {
  for (const wrong of wrongValues) yield [path, put(wrong)];
  if (typeof value !== "object" || value === null) return;
  const isList = Array.isArray(value);
  const withEntry = (name: string, inner: unknown) =>
    isList ? value.map((one, at) => (String(at) === name ? inner : one)) : { ...value, [name]: inner };
  for (const [name, inner] of Object.entries(value)) {
    const at = path === "" ? name : `${path}.${name}`;
    yield* spoiled(inner, (changed) => put(withEntry(name, changed)), at);
    if (isList) continue;
    const { [name]: _left, ...others } = value as Record<string, unknown>;
    yield [at, put(others)];
    yield [path, put({ ...others, [`${name}s`]: inner })];
    yield [path, put({ ...value, [`weather.${name}`]: 1 })];
  }
}

function requireOurWords(schema: z.ZodType, input: object): number {
  expect(settingFaults(schema, input)).toEqual([]);
  let numRefused = 0;
  for (const [path, changed] of spoiled(input, (whole) => whole)) {
    const faults = settingFaults(schema, changed);
    expect(faults.length > 0, path).toBe(!schema.safeParse(changed).success);
    if (faults.length > 0) numRefused += 1;
    for (const fault of faults) {
      expect(fault).not.toMatch(libraryWords);
      expect(fault).not.toContain("something else");
      expect(fault).toMatch(/^\S.*: (found|not given|there is no setting of this name|this setting exists only where) ?/);
      expect(fault).not.toContain("\n");
    }
    expect(new Set(faults).size).toBe(faults.length);
  }
  return numRefused;
}

const https = { cert: "a.pem", key: "b.pem" };
const coordinator = {
  host: "::",
  port: 1,
  https,
  dataDir: "runs",
  runId: "mine",
  pagesDir: "a",
  publicDir: "b",
  backbonesUrl: "https://a.example",
};
const clients = { graceMs: 1, helloTimeoutMs: 5, homeless: "move", expectedClients: 2, maxPerClient: 3, backend: "wasm", threads: 2 };

test("whatever is wrong in a coordinator's settings is told in words of ours", () => {
  const whole = { ...coordinator, ...clients, dev: false, logLevel: "info", writesRunFiles: true, run: presets.demo };
  expect(requireOurWords(coordinatorConfigSchema, whole)).toBeGreaterThan(1000);
});

test("so it is for the settings of every method, partition and strategy", () => {
  const partitions = [{ kind: "dirichletQuantity", dirichletAlpha: 3 }, { kind: "iid" }, { kind: "byField" }];
  const runs = [...Object.values(methods).map((method) => method.settings(presets.default)), presets.official];
  const seen = new Set<string>();
  for (const run of [...runs, ...partitions.map((partition) => ({ ...presets.default, partition }))]) {
    for (const part of ["tuning", "strategy", "partition", "training"] as const) {
      const kind = `${part} ${Object.values(run[part])[0]} ${Object.keys(run[part])}`;
      if (seen.has(kind)) continue;
      seen.add(kind);
      const others = { ...run, [part]: run[part] };
      for (const [, changed] of spoiled(run[part], (value) => ({ ...others, [part]: value }))) {
        for (const fault of settingFaults(runSettingsSchema, changed)) expect(fault).not.toMatch(libraryWords);
      }
    }
  }
  expect(seen.size).toBeGreaterThan(15);
});

test("so it is for an experiment's file", () => {
  const method = { name: "lora", title: "LoRA", set: { "tuning.rank": 4 }, rates: [0.1] };
  const axes = {
    a: { path: "numRounds", values: [3, "x", true], methods: ["lora"], tasks: ["subj"] },
    b: { values: [{ label: "c", set: { numRounds: 3 }, methods: ["settings"], tasks: ["subj"] }] },
  };
  const faults = { seed: 1, drop: 0.1, slow: 0.1, duplicate: 0.1, reorder: 0.1, corrupt: 0.1, reload: 0.1 };
  const experiment = {
    title: "A",
    question: "B?",
    notes: ["c"],
    base: "demo",
    settings: { numRounds: 3 },
    tasks: ["subj", { name: "trec", set: {} }],

    seeds: [1, 2],
    methods: ["fedPepTao", method, { name: "full", ratesOf: "lora" }],
    grid: axes,
    rates: { values: [0.1], seed: 3, task: "subj", eachVariant: false },

    budget: { maxRuns: 3, minutesPerRun: 1, minutesPerStep: 2 },
    tabsPerRun: 2,
    backend: "wasm",
    faults,
  };
  expect(requireOurWords(experimentSchema, experiment)).toBeGreaterThan(1000);
});
