import { encode } from "uqr";

/** Light modules around a code, without which readers do not find it. */
const quietZone = 2;

/** Black on white, whatever the terminal's colours are. */
const colours = { begin: "\u001b[30;107m", end: "\u001b[0m" };

/** A QR code as lines of a terminal, two rows of modules to a line. */
export function qrText(text: string): string[] {
  const { data, size } = encode(text, { ecc: "L", border: quietZone });
  const isDark = (row: number, column: number): boolean => data[row]?.[column] === true;
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    const cells = Array.from({ length: size }, (_, column) => halfBlock(isDark(row, column), isDark(row + 1, column)));
    lines.push(`${colours.begin}${cells.join("")}${colours.end}`);
  }
  return lines;
}

function halfBlock(isUpperDark: boolean, isLowerDark: boolean): string {
  if (isUpperDark) return isLowerDark ? "█" : "▀";
  return isLowerDark ? "▄" : " ";
}
