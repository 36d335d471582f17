import { expect, test } from "vitest";
import { createBoard, progressText, renderBoard } from "./board.ts";

const head = { name: "smoke", numDone: 1, numFailed: 1, numRuns: 4, secondsLeft: 200 };
const row = { name: "LoRA · subj · seed 1", activity: "training round 3/12", accuracy: "global 0.612", secondsLeft: 20 };

test("the table says how far all runs are and what each one does, within the terminal's width", () => {
  expect(renderBoard(head, [row], 200)).toEqual([
    "smoke █████░░░░░░░░░░░░░░░ 1/4 runs, 1 failed · about 3 min 20 s left",
    "  ▸ LoRA · subj · seed 1 · training round 3/12 · global 0.612 · 20 s",
  ]);
  expect(renderBoard(head, [row], 30).every((line) => line.length < 30)).toBe(true);
});

test("on a terminal the table is drawn over itself, with what is said above it", () => {
  let written = "";
  const board = createBoard({ isTTY: true, columns: 80, write: (text) => (written += text) });
  board.draw(head, [row]);
  board.say("hello");
  expect(written).toContain("\u001B[2A\u001B[0Jhello\n");
  expect(written.match(/1 failed/g)).toHaveLength(2);
  board.end();
  expect(written.endsWith("\u001B[2A\u001B[0J")).toBe(true);
});

test("elsewhere there are plain lines, and the table twice a minute", () => {
  const lines: string[] = [];
  let nowMs = 0;
  const board = createBoard({ isTTY: false, write: (text) => lines.push(text) }, () => nowMs);
  board.draw(head, [row]);
  board.say("hello");
  expect(lines).toEqual(["hello\n"]);
  nowMs = 30_000;
  board.draw(head, [row]);
  nowMs = 31_000;
  board.draw(head, [row]);
  expect(lines).toHaveLength(3);
  expect(lines.join("")).not.toContain("\u001B");
});

test("how far runs are is told with those that failed and without those that are open", () => {
  const [done, failed] = [{ error: null }, { error: "it broke" }];
  expect(progressText([done, failed, done, failed, done])).toBe("3 of 5 runs done, 2 failed");
  expect(progressText([done, undefined, done, undefined, undefined])).toBe("2 of 5 runs done");
  expect([progressText([done, done]), progressText([done])]).toEqual(["2 runs done", "1 run done"]);
});
