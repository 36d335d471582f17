import { expect, test } from "vitest";
import { createRandom, type RandomStream, type StreamName } from "./random.ts";

function stream(seed = 7): RandomStream {
  return createRandom(seed).stream({ purpose: "test" });
}

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const center = mean(values);
  return mean(values.map((value) => (value - center) ** 2));
}

test("one name gives one sequence, however many streams were opened before", () => {
  const name: StreamName = { stage: "train", round: 3, device: 5, purpose: "shuffle" };
  const random = createRandom(42);
  const first = draws(20, random.stream(name).uint32);
  random.stream({ purpose: "cohort" }).uint32();
  expect(draws(20, random.stream(name).uint32)).toEqual(first);
  expect(draws(20, createRandom(42).stream({ purpose: "shuffle", device: 5, round: 3, stage: "train" }).uint32)).toEqual(first);
});

test("each part of the name and the seed gives a sequence of its own", () => {
  const names: StreamName[] = [
    { purpose: "shuffle" },
    { purpose: "dropout" },
    { purpose: "shuffle", round: 1 },
    { purpose: "shuffle", round: 11 },
    { purpose: "shuffle", device: 1 },
    { purpose: "shuffle", attempt: 1 },
    { purpose: "shuffle", stage: "1" },
    { purpose: "shuffle", round: 1, device: 2 },
    { purpose: "shuffle", round: 12 },
    { purpose: "shuffle1" },
  ];
  const starts = [0, 1, -1].flatMap((seed) => names.map((name) => draws(2, createRandom(seed).stream(name).uint32).join()));
  expect(new Set(starts).size).toBe(30);
});

test("a sequence is the same on every platform: these are its first numbers", () => {
  const fixed = createRandom(42).stream({ stage: "train", round: 1, device: 0, purpose: "shuffle" });
  expect(draws(4, fixed.uint32)).toEqual([53029365, 2919248116, 2727406274, 3493923557]);
  expect(draws(3, fixed.normal)).toEqual([-0.8310053791849067, 0.48232903230972846, 0.7842935372167407]);
  expect(fixed.dirichlet([0.1, 1, 5])).toEqual([0.02001562942021735, 0.328224385800329, 0.6517599847794537]);
});

test("filling places draws what single draws would, and goes on from there", () => {
  const [singly, filled] = [stream(), stream()];
  const expected = draws(12, singly.uint32);
  const places = new Uint32Array(7);
  filled.fill(places);
  expect([...places, filled.uint32(), ...draws(4, filled.uint32)]).toEqual(expected);
  filled.fill(new Uint32Array(0));
  expect(filled.uint32()).toBe(singly.uint32());
});

test("streams of neighbouring devices are not correlated", () => {
  const random = createRandom(9);
  const firsts = Array.from({ length: 4000 }, (_, device) => random.stream({ device, purpose: "x" }).uniform());
  expect(mean(firsts)).toBeCloseTo(0.5, 1);
  const products = firsts.slice(1).map((value, i) => (value - 0.5) * (firsts[i] - 0.5));
  expect(Math.abs(mean(products))).toBeLessThan(4 / 12 / Math.sqrt(4000)); // four standard deviations of a product of two uniforms
});

test("uniform numbers fill [0, 1) evenly", () => {
  const values = draws(20000, stream().uniform);
  const bins = Array.from({ length: 20 }, (_, bin) => values.filter((value) => Math.floor(value * 20) === bin).length);
  expect(bins.reduce((a, b) => a + b)).toBe(20000);
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeLessThan(43.8); // 19 degrees of freedom, p = 0.001
});

test("each bit of the 32 is set half of the time", () => {
  const values = draws(10000, stream().uint32);
  for (let bit = 0; bit < 32; bit++) {
    const share = values.filter((value) => (value >>> bit) & 1).length / 10000;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.025); // five standard deviations
  }
});

test("integers are even over their range, also where 2³² is no multiple of it", () => {
  const random = stream();
  const counts = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 14000; i++) counts[random.integer(7)] += 1;
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(210); // five standard deviations
  expect(mean(draws(6000, () => random.integer(3 * 2 ** 30))) / (3 * 2 ** 29)).toBeCloseTo(1, 1); // a plain remainder would give 0.83
  expect(random.integer(1)).toBe(0);
  for (const bound of [0, -1, 1.5, 2 ** 33]) expect(() => random.integer(bound)).toThrow("bound must be 1 to 2^32");
});

test("normal numbers have the moments of the standard normal", () => {
  const values = draws(20000, stream().normal);
  expect(Math.abs(mean(values))).toBeLessThan(0.03); // four standard deviations of the mean
  expect(variance(values)).toBeCloseTo(1, 1);
  expect(mean(values.map((value) => value ** 4))).toBeCloseTo(3, 0);
  expect(values.filter((value) => Math.abs(value) > 1.959964).length / 20000).toBeCloseTo(0.05, 2);
});

test.each([0.3, 1, 2.5, 20])("gamma numbers of shape %d have that mean and variance", (shape) => {
  const random = stream();
  const values = draws(20000, () => random.gamma(shape));
  expect(mean(values) / shape).toBeCloseTo(1, 1);
  expect(variance(values) / shape).toBeCloseTo(1, 0);
  expect(Math.min(...values)).toBeGreaterThan(0);
});

test("Dirichlet draws sum to one and have the mean and variance of their concentrations", () => {
  const random = stream();
  const concentrations = [0.5, 1.5, 3];
  const samples = Array.from({ length: 8000 }, () => random.dirichlet(concentrations));
  for (const sample of samples) expect(sample.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  for (const [i, concentration] of concentrations.entries()) {
    const share = concentration / 5;
    const values = samples.map((sample) => sample[i]);
    expect(mean(values)).toBeCloseTo(share, 1);
    expect(variance(values) / ((share * (1 - share)) / 6)).toBeCloseTo(1, 0);
  }
});

test("tiny concentrations give one class everything and never NaN", () => {
  const random = stream();
  for (let i = 0; i < 200; i++) {
    const sample = random.dirichlet([1e-4, 1e-4, 1e-4]);
    expect(sample.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(Math.max(...sample)).toBeGreaterThan(0.5);
  }
  expect(() => random.dirichlet([1, 0])).toThrow("shape must be positive");
});

test("a shuffle is a new array with the same items, each order about as likely", () => {
  const items = ["a", "b", "c"];
  const random = stream();
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = random.shuffle(items).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(items).toEqual(["a", "b", "c"]);
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145); // five standard deviations
});

test("a seed must be a whole number", () => {
  expect(() => createRandom(1.5)).toThrow("received 1.5");
  expect(() => createRandom(Number.NaN)).toThrow("received NaN");
  expect(createRandom(3).seed).toBe(3);
});
