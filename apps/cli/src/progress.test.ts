import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";

function streamOf(isTTY: boolean) {
  const written: string[] = [];
  return { written, stream: { isTTY, write: (text: string) => void written.push(text) } };
}

test("where a person is watching, a bar replaces itself", () => {
  const { written, stream } = streamOf(true);
  const progress = createProgress(stream, () => 0);
  progress.bar("golden numbers", 6, 24);
  progress.say("almost");
  progress.clear();
  expect(written).toEqual([`\r\x1b[Kgolden numbers ${"█".repeat(6)}${"░".repeat(18)} 6 of 24`, "\r\x1b[Kalmost", "\r\x1b[K"]);
});

test("a line is cut where it would wrap", () => {
  const { written, stream } = streamOf(true);
  createProgress({ ...stream, columns: 8 }, () => 0).say("a long line");
  expect(written).toEqual(["\r\x1b[Ka long "]);
});

test("a note replaces itself where a person is watching, and a log gets one now and then", () => {
  const watched = streamOf(true);
  createProgress(watched.stream, () => 0).note("waiting");
  expect(watched.written).toEqual(["\r\x1b[Kwaiting"]);
  const logged = streamOf(false);
  let now = 0;
  const progress = createProgress(logged.stream, () => now);
  for (const seconds of [4, 12, 15]) {
    now = 1000 * seconds;
    progress.note(`waiting ${seconds}`);
  }
  expect(logged.written).toEqual(["waiting 12\n"]);
});

test("a log gets a line now and then, and nothing of what replaces itself", () => {
  const { written, stream } = streamOf(false);
  let now = 0;
  const progress = createProgress(stream, () => now);
  for (const seconds of [1, 9, 11, 12, 25]) {
    now = 1000 * seconds;
    progress.bar("golden numbers", seconds, 30);
    progress.say("a detail");
  }
  progress.clear();
  expect(written).toEqual(["golden numbers: 11 of 30\n", "golden numbers: 25 of 30\n"]);
});
