import { encode } from "uqr";

/** A QR code as one path of squares, in a square of `size` units with its quiet zone. */
export interface QrPath {
  readonly size: number;
  readonly d: string;
}

/** Light modules around a code, as its standard asks for. */
const quietZone = 4;

/** Draws a text as a code: rows of dark modules become one rectangle each. */
export function qrPath(text: string): QrPath {
  const { data, size } = encode(text, { ecc: "M", border: quietZone });
  const d = data.flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`)).join("");
  return { size, d };
}

/** Where dark modules stand side by side: start and length. */
function runsOf(row: readonly boolean[]): [start: number, length: number][] {
  const runs: [number, number][] = [];
  row.forEach((isDark, x) => {
    const last = runs.at(-1);
    if (!isDark) return;
    if (last !== undefined && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  });
  return runs;
}
