import { type RunProgress, renderBar, renderLine } from "./progress.ts";

/** Where lines and a progress bar go; the part of a terminal that is used. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A progress bar under a growing log on a terminal, a log of closed steps elsewhere. */
export interface Display {
  say(line: string): void;
  /** The run has moved within a step. */
  show(progress: RunProgress): void;
  /** A step has closed. */
  showClosed(progress: RunProgress): void;
  /** Takes the bar away. */
  end(): void;
}

const clearLine = "\r\u001B[2K";

/** Draws on a terminal, or writes plain lines where there is none. */
export function createDisplay(terminal: Terminal): Display {
  let bar = "";
  const isTerminal = terminal.isTTY === true;
  // some terminals say 0
  const columns = () => (terminal.columns !== undefined && terminal.columns > 0 ? terminal.columns : 80);
  const draw = (text: string) => {
    if (!isTerminal) return;
    bar = text;
    terminal.write(`${clearLine}${bar}`);
  };
  return {
    say(line) {
      terminal.write(isTerminal ? `${clearLine}${line}\n${bar}` : `${line}\n`);
    },
    show(progress) {
      draw(renderBar(progress, columns()));
    },
    showClosed(progress) {
      if (isTerminal) draw(renderBar(progress, columns()));
      else terminal.write(`${renderLine(progress)}\n`);
    },
    end() {
      draw("");
    },
  };
}
