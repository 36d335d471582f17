import jsqr from "jsqr";
import { expect, test } from "vitest";
import { qrPath } from "./qrPath.ts";

const read = jsqr as unknown as typeof import("jsqr").default;

/** The drawing as a camera sees it, from the path alone. */
function pixels({ size, d }: { readonly size: number; readonly d: string }, scale: number): Uint8ClampedArray {
  const width = size * scale;
  const data = new Uint8ClampedArray(4 * width * width).fill(255);
  for (const [, x, y, length] of d.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++)
      data.fill(0, 4 * (row * width + Number(x) * scale), 4 * (row * width + (Number(x) + Number(length)) * scale));
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return data;
}

test("a reader of QR codes finds the link in what the stage draws", () => {
  const link = "http://192.168.178.123:8080/trust#token=amber-lake-violin";
  const path = qrPath(link);
  const scale = 5;
  expect(read(pixels(path, scale), path.size * scale, path.size * scale)?.data).toBe(link);
});

test("the code is drawn in whole units, with four light modules on each side", () => {
  const { size, d } = qrPath("https://example.org");
  const corners = [...d.matchAll(/M(\d+) (\d+)h(\d+)/g)].map(([, x, y, length]) => [Number(x), Number(y), Number(x) + Number(length)]);
  expect(Math.min(...corners.map(([x = 0]) => x))).toBe(4);
  expect(Math.min(...corners.map(([, y = 0]) => y))).toBe(4);
  expect(Math.max(...corners.map(([, , end = 0]) => end))).toBe(size - 4);
});
