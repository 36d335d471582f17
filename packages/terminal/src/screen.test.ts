import { expect, test } from "vitest";
import { createScreen } from "./screen.ts";

/** What a terminal shows after what was written: it knows of new lines, of going up, and of clearing to the right and below. */
function shownBy(written: readonly string[]): string[] {
  const lines: string[][] = [[]];
  let [row, column] = [0, 0];
  const type = (text: string): void => {
    for (const character of text) {
      if (character === "\n") row += 1;
      lines[row] ??= [];
      const isMove = character === "\n" || character === "\r";
      if (!isMove) lines[row]?.splice(column, 1, character);
      column = isMove ? 0 : column + 1;
    }
  };
  const [first = "", ...parts] = written.join("").split("\u001B[");
  type(first);
  for (const part of parts) {
    const [code = "", moves = ""] = /^(\d*)[AJK]/.exec(part) ?? [];
    if (code.endsWith("A")) row -= Number(moves);
    else lines[row]?.splice(column);
    if (code.endsWith("J")) lines.splice(row + 1);
    type(part.slice(code.length));
  }
  return lines.map((line) => line.join("")).slice(0, -1);
}

test("lines replace those before, also where they are fewer, and a line that stays goes above them", () => {
  const written: string[] = [];
  const screen = createScreen({ isTTY: true, columns: 20, rows: 10, write: (text) => written.push(text) });
  screen.show(["a1", "b1", "c1"]);
  screen.show(["a2", "b2"]);
  expect(shownBy(written)).toEqual(["a2", "b2"]);
  screen.say("stays");
  screen.show(["a3"]);
  expect(shownBy(written)).toEqual(["stays", "a3"]);
});

test("lines never wrap and never fill the terminal", () => {
  const written: string[] = [];
  const screen = createScreen({ isTTY: true, columns: 5, rows: 3, write: (text) => written.push(text) });
  screen.show(["123456789", "●●●●●●●", "third", "fourth"]);
  expect(shownBy(written)).toEqual(["1234", "●●●●"]);
});
