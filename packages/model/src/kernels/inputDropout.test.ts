import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { type BackendName, startBackend } from "../backends.ts";
import { inputDropout } from "./inputDropout.ts";

const draws = [0x9e3779b9, 12345] as const;
const ones = (rows: number, width: number) => tf.ones<tf.Rank.R2>([rows, width]);

/** What is left of ones. */
function kept(site: number, rate: number, [rows, width] = [40, 50], by: readonly [number, number] = draws): number[] {
  return tf.tidy(() => [...inputDropout(by, site, rate)(ones(rows, width), rows, null).dataSync()]);
}

describe.each(["cpu", "wasm"] satisfies BackendName[])("on %s", (backend) => {
  beforeEach(async () => {
    await startBackend(backend);
  });

  test("a value is dropped or scaled up, as many as the rate says", () => {
    const values = kept(3, 0.2);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.8)]));
    const fraction = values.filter((value) => value === 0).length / values.length;
    expect(Math.abs(fraction - 0.2)).toBeLessThan(0.036); // four standard errors of 2,000 draws
    expect(new Set(kept(3, 0))).toEqual(new Set([1]));
  });

  test("places, and steps by either of their draws, drop other values: no more of them alike than by chance", () => {
    const first = kept(0, 0.5);
    for (const other of [
      kept(1, 0.5),
      kept(0, 0.5, [40, 50], [draws[0] + 1, draws[1]]),
      kept(0, 0.5, [40, 50], [draws[0], draws[1] ^ 1]),
    ]) {
      const alike = other.filter((value, i) => value === first[i]).length / first.length;
      expect(Math.abs(alike - 0.5)).toBeLessThan(0.045);
    }
    const columns = Array.from({ length: 50 }, (_, column) => first.filter((value, i) => i % 50 === column && value === 0).length);
    expect(Math.min(...columns)).toBeGreaterThan(5); // of 40; less has odds of 1 to 700,000 for all columns
    expect(Math.max(...columns)).toBeLessThan(35);
  });

  test("more rows behind the texts' rows change nothing, the residual is added whole, and the same values are dropped again", () => {
    tf.tidy(() => {
      const drop = inputDropout(draws, 2, 0.4);
      const x = tf.randomNormal<tf.Rank.R2>([9, 7], 0, 1, "float32", 4);
      const few = drop(x, 6, null);
      expect([...few.dataSync()]).toEqual([...inputDropout(draws, 2, 0.4)(tf.slice2d(x, [0, 0], [6, 7]), 6, null).dataSync()]);
      const more = drop(x, 6, tf.fill<tf.Rank.R2>([6, 7], 2));
      expect([...more.dataSync()]).toEqual([...few.dataSync()].map((value) => Math.fround(value + 2)));
    });
  });
});

test("the first draws of a place are these on every backend, today and tomorrow", async () => {
  await startBackend("cpu");
  const dropped = kept(5, 0.5, [2, 16], [1, 2]).map((value) => (value === 0 ? "0" : "1"));
  expect(dropped.join("")).toBe("11001111001011010001101001001110"); // of the same hash in Python
});
