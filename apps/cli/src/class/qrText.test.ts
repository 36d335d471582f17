import { stripVTControlCharacters } from "node:util";
import jsqr from "jsqr";
import { expect, test } from "vitest";
import { qrText } from "./qrText.ts";

/** The terminal's picture as a camera sees it: each half of a character is a square of 4 × 4 pixels. */
function seen(lines: readonly string[]): { data: Uint8ClampedArray; size: number } {
  const rows = lines.flatMap((line) => {
    const cells = [...stripVTControlCharacters(line)];
    return [cells.map((cell) => cell === "█" || cell === "▀"), cells.map((cell) => cell === "█" || cell === "▄")];
  });
  const scale = 4;
  const size = rows.length * scale;
  const data = new Uint8ClampedArray(4 * size * size).fill(255);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      if (rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true) data.fill(0, 4 * (y * size + x), 4 * (y * size + x) + 3);
  return { data, size };
}

const read = jsqr as unknown as typeof import("jsqr").default;

test("a reader of QR codes finds the link in what the terminal shows", () => {
  const link = "http://192.168.178.123:8080/trust#token=amber-lake-violin";
  const { data, size } = seen(qrText(link));
  expect(read(data, size, size)?.data).toBe(link);
});

test("a longer link is still one code that fits a terminal of 80 columns", () => {
  const link = `https://classroom-laptop-12.local:8443/trust#token=${"strawberry-".repeat(3)}`;
  const lines = qrText(link);
  const { data, size } = seen(lines);
  expect(read(data, size, size)?.data).toBe(link);
  expect(lines.every((line) => [...stripVTControlCharacters(line)].length <= 80)).toBe(true);
});
