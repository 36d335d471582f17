import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { type Box, type Label, overlapOf, placeLabels } from "./labelPlaces.ts";

const area: Box = { x: 180, y: 120, width: 360, height: 240 };
const dotRadius = 6;
const place = (labels: readonly Label[]) => placeLabels(labels, { dots: labels, dotRadius, area });

/** Square pixels that boxes share, each with each. */
const shared = (boxes: readonly Box[]) =>
  boxes.flatMap((box, index) => boxes.slice(index + 1).map((other) => overlapOf(box, other))).reduce((sum, overlap) => sum + overlap, 0);

/** So many dots in the middle of the drawing. */
function cluster(seed: number, numDots: number, width: number, height: number): Label[] {
  const stream = createRandom(seed).stream({ purpose: "made-up dots" });
  return Array.from({ length: numDots }, (_, index) => ({
    x: area.x + width * (stream.uniform() - 0.5),
    y: area.y + height * (stream.uniform() - 0.5),
    text: String(index + 1),
  }));
}

test("nineteen labels in a corner of a drawing do not print over each other, and stay in it", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const boxes = place(cluster(seed, 19, 120, 90));
    expect(shared(boxes), `seed ${seed}`).toBe(0);
    expect(boxes.reduce((sum, box) => sum + box.width * box.height - overlapOf(box, area), 0)).toBeCloseTo(0, 6);
  }
});

test("a label alone stands close above its dot, to the right; at the right edge it moves to the left", () => {
  const [free, atEdge] = [place([{ x: 100, y: 100, text: "7" }])[0], place([{ x: 350, y: 100, text: "7" }])[0]];
  expect(free?.isFar).toBe(false);
  expect([Math.sign((free?.x ?? 0) - 100), Math.sign((free?.y ?? 0) - 100)]).toEqual([1, -1]);
  expect(atEdge?.x).toBeLessThan(350);
});

test("labels of one point stand around it, and the same labels always in the same places", () => {
  const labels = Array.from({ length: 8 }, (_, index) => ({ x: 150, y: 110, text: String(index + 10) }));
  const boxes = place(labels);
  expect(shared(boxes)).toBe(0);
  expect(place(labels)).toEqual(boxes);
});

test("where there is no room labels overlap as little as can be, and none is left out", () => {
  const boxes = place(Array.from({ length: 40 }, (_, index) => ({ x: 150, y: 110, text: String(index + 10) })));
  expect(boxes).toHaveLength(40);
  expect(boxes.every(({ x, y }) => Number.isFinite(x + y))).toBe(true);
});

test("boxes share the pixels that both cover", () => {
  const box = { x: 10, y: 20, width: 8, height: 6 };
  expect(overlapOf(box, { x: 15, y: 24, width: 6, height: 4 })).toBe(2 * 1); // from 12 to 14 and from 22 to 23
  expect(overlapOf(box, { x: 30, y: 20, width: 8, height: 6 })).toBe(0);
});
