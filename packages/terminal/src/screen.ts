import type { Terminal } from "./display.ts";

/** Lines at the foot of a terminal that the next ones replace. */
export interface Screen {
  show(lines: readonly string[]): void;
  /** A line that stays, above those. */
  say(line: string): void;
  /** Leaves the lines where they are; what is written from now on comes below. */
  end(): void;
}

/** As many rows as are known of; some terminals say 0. */
interface Sized extends Terminal {
  readonly rows?: number;
}

const clearBelow = "\u001B[0J";
const clearRest = "\u001B[K";

/** A screen on a terminal; lines that are too long or too many are cut, since those that wrap could not be replaced. */
export function createScreen(terminal: Sized): Screen {
  let numShown = 0;
  let shown: readonly string[] = [];
  const size = (value: number | undefined, otherwise: number) => (value !== undefined && value > 0 ? value : otherwise);
  const up = () => (numShown === 0 ? "\r" : `\r\u001B[${numShown}A`);
  const drawn = (lines: readonly string[]) => {
    const [columns, rows] = [size(terminal.columns, 80), size(terminal.rows, 24)];
    shown = lines.slice(0, rows - 1).map((line) => [...line].slice(0, columns - 1).join(""));
    numShown = shown.length;
    return `${shown.map((line) => `${line}${clearRest}\n`).join("")}${clearBelow}`;
  };
  return {
    show(lines) {
      terminal.write(`${up()}${drawn(lines)}`);
    },
    say(line) {
      const before = up();
      terminal.write(`${before}${line}${clearRest}\n${drawn(shown)}`);
    },
    end() {
      numShown = 0;
      shown = [];
    },
  };
}
