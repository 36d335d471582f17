import { expect, test } from "vitest";
import { createDisplay } from "./display.ts";
import type { RunProgress } from "./progress.ts";

const progress: RunProgress = {
  stage: "count",
  kind: "train",
  round: 2,
  numRounds: 3,
  stageFraction: 0.5,
  numDone: 6,
  numTasks: 6,
  accuracy: null,
  bytesUp: 10,
  bytesDown: 20,
  secondsLeft: null,
};

test("without a terminal there is one plain line for each closed step and no control character", () => {
  const written: string[] = [];
  const display = createDisplay({ write: (text) => written.push(text) });
  display.say("hello");
  display.show(progress);
  display.showClosed(progress);
  display.end();
  expect(written).toEqual(["hello\n", "counting round 2/3 training done, 10 bytes up, 20 bytes down\n"]);
});

test("on a terminal a line of text moves above the bar", () => {
  const written: string[] = [];
  const display = createDisplay({ isTTY: true, columns: 70, write: (text) => written.push(text) });
  display.show(progress);
  const bar = (written[0] ?? "").slice(5);
  display.say("hello");
  display.end();
  expect(written).toEqual([`\r\u001B[2K${bar}`, `\r\u001B[2Khello\n${bar}`, "\r\u001B[2K"]);
  expect(bar).toHaveLength(69);
});
