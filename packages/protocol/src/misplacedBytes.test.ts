import { expect, test } from "vitest";
import { serve } from "./calls.ts";
import { excessOf } from "./misplacedBytes.ts";

const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`!${i}`, 1]));

test("P-3 a message with too many parts is refused before its schema looks at every name", async () => {
  let receive: (name: string, ...values: unknown[]) => void = () => undefined;
  const socket = { connected: true, emit: () => true, on: () => true, offAny: () => true, onAny: (act: typeof receive) => (receive = act) };
  serve(socket, { submit: () => ({ outcome: "late" }), leave: () => ({}) }, { onFault: () => undefined });
  const answerTo = (name: string, request: unknown) => new Promise((resolve) => receive(name, request, resolve));
  expect(await answerTo("submit", { header: { kind: "train", matrixScores: named(5001) } })).toEqual({
    ok: false,
    rule: "P-3",
    message: "submit: a table of 5001 names, at most 5000 are taken",
  });
  const lists = Array.from({ length: 100_000 }, () => []);
  expect(await answerTo("leave", lists)).toEqual({ ok: false, rule: "P-3", message: "leave: more than 100000 lists and tables" });
});

test("the largest messages have no excess, bytes and long lists of numbers are no tables, and nesting takes no stack", () => {
  const deep = JSON.parse(`${"[".repeat(90_000)}${"]".repeat(90_000)}`);
  const large = [named(5000), new Uint8Array(100_000), Array.from({ length: 1_000_000 }, () => 0), deep, null, 5, undefined];
  expect(large.map(excessOf)).toEqual(large.map(() => null));
});
