import jsqr from "jsqr";

const read = jsqr as unknown as typeof import("jsqr").default;

/** What a QR code of dark and light modules says, as a camera would read it; throws where it says nothing. */
function readModules(size: number, isDark: (x: number, y: number) => boolean): string {
  const scale = 4;
  const width = size * scale;
  const data = new Uint8ClampedArray(4 * width * width).fill(255);
  for (let y = 0; y < width; y++)
    for (let x = 0; x < width; x++)
      if (isDark(Math.floor(x / scale), Math.floor(y / scale))) data.fill(0, 4 * (y * width + x), 4 * (y * width + x) + 3);
  const found = read(data, width, width);
  if (found === null) throw new Error("no QR code was found");
  return found.data;
}

/** Reads the code that half blocks draw in a terminal's text, without its colours. */
export function readTerminal(text: string): string {
  const lines = text.split("\n").filter((line) => /^[ █▀▄]+$/.test(line) && line.length > 20);
  const rows = lines.flatMap((line) => [[..."█▀"], [..."█▄"]].map((dark) => [...line].map((cell) => dark.includes(cell))));
  return readModules(Math.max(rows.length, rows[0]?.length ?? 0), (x, y) => rows[y]?.[x] === true);
}

/** Reads the code that an SVG draws: its view box and the path of its dark modules. */
export function readPath(viewBox: string, d: string): string {
  const dark = new Set<string>();
  for (const [, x, y, length] of d.matchAll(/M(\d+) (\d+)h(\d+)/g))
    for (let i = 0; i < Number(length); i++) dark.add(`${Number(x) + i} ${y}`);
  return readModules(Number(viewBox.split(" ")[2]), (x, y) => dark.has(`${x} ${y}`));
}
