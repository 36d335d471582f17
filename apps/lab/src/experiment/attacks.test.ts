import { expect, test } from "vitest";
import { parseExperiment } from "./experimentFile.ts";
import { planExperiment } from "./runPlan.ts";

const file = (more: object) => ({
  title: "attacked",
  question: "What do attacks cost?",
  settings: { numDevices: 5, minDevices: 5, cohortSize: 5, numRounds: 1 },
  tasks: ["feedback/topic"],
  seeds: [1],
  clients: "node",
  methods: [
    { name: "pTuningV2", title: "mean" },
    { name: "pTuningV2", title: "median", set: { aggregation: { name: "coordinateMedian" } } },
  ],
  ...more,
});
const flip = { name: "sign flip", kind: "signFlip", fractions: [0.2, 0.4] };
const backdoor = { name: "backdoor", kind: "backdoor", fractions: [0.2], trigger: { text: "blue umbrella :", target: 3 } };
const planned = (more: object) => planExperiment(parseExperiment(file(more), "attacked.yaml")).finalRuns(new Map());
const named = (more: object) =>
  planned(more).map(({ methodTitle, variant, seed }) => `${methodTitle}, ${variant.attack} ${variant.attackers}, ${seed}`);

test("every method runs without attack and under each, with each share of attackers", () => {
  expect(named({ attacks: [flip] })).toEqual([
    "mean, none 0 %, 1",
    "mean, sign flip 20 %, 1",
    "mean, sign flip 40 %, 1",
    "median, none 0 %, 1",
    "median, sign flip 20 %, 1",
    "median, sign flip 40 %, 1",
  ]);
});

test("an attack may be for some methods and have seeds of its own, which runs without attack then have too", () => {
  const again = { ...flip, fractions: [0.2], methods: ["median"], seeds: [2, 3] };
  expect(named({ attacks: [{ ...flip, fractions: [0.2] }, again] })).toEqual([
    "mean, none 0 %, 1",
    "mean, sign flip 20 %, 1",
    "median, none 0 %, 1",
    "median, none 0 %, 2",
    "median, none 0 %, 3",
    "median, sign flip 20 %, 1",
    "median, sign flip 20 %, 2",
    "median, sign flip 20 %, 3",
  ]);
});

test("an attack's strength, seed and trigger are part of a run's id; without attacks ids are what they were", () => {
  const ids = (more: object) => planned(more).map(({ id }) => id);
  const [honest, attacked] = ids({ attacks: [flip] });
  expect(ids({ attacks: [{ ...flip, factor: 5 }] }).slice(0, 2)).toEqual([honest, attacked]); // the default
  expect(ids({ attacks: [{ ...flip, factor: 4 }] })[1]).not.toBe(attacked);
  expect(ids({ attacks: [{ ...flip, attackSeed: 2 }] })[1]).not.toBe(attacked);
  expect(ids({ attacks: [flip, backdoor] })[0]).not.toBe(honest); // it is tried with the trigger when it is over
  expect(ids({})[0]).toBe(honest);
  expect(planned({}).map(({ variant }) => variant)).toEqual([{}, {}]);
});

test("a run's order has the attack with its strength, and every run the trigger that one attack has", () => {
  const [honest, , , attacked] = planned({ attacks: [flip, backdoor] });
  expect(honest).toMatchObject({ attackPlan: undefined, trigger: backdoor.trigger });
  expect(attacked?.attackPlan).toEqual({
    kind: "backdoor",
    fraction: 0.2,
    seed: 1,
    trigger: backdoor.trigger,
    triggeredFraction: 0.5,
  });
});

test("what attacks cannot be is told with the place", () => {
  const faultsOf = (more: object) => {
    try {
      parseExperiment(file(more), "attacked.yaml");
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
    return "";
  };
  expect(faultsOf({ attacks: [flip], clients: "tabs" })).toContain("attacks: are made by clients in Node processes; add clients: node");
  expect(faultsOf({ attacks: [{ ...flip, methods: ["mode"] }] })).toContain(
    "attacks.0.methods: found mode, expected titles of the file's methods: mean, median",
  );
  expect(faultsOf({ attacks: [flip], settings: { roster: "open" } })).toContain("attacks: settings.roster is open");
  expect(faultsOf({ attacks: [backdoor, { ...backdoor, name: "other", trigger: { text: "x", target: 1 } }] })).toContain(
    "found several triggers, expected one",
  );
  expect(faultsOf({ attacks: [flip], grid: { attack: { path: "numRounds", values: [1, 2] } } })).toContain(
    "grid.attack: attacks are an axis",
  );
  expect(faultsOf({ attacks: [{ ...flip, fractions: [0.6] }] })).toContain("attacks.0.fractions.0");
  expect(faultsOf({ attacks: [{ ...flip, kind: "signflip" }] })).toContain("attacks.0.kind");
  expect(faultsOf({ attacks: [backdoor], tasks: ["replies"] })).toContain("attacks: replies has no classes");
});
