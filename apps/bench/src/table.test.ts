import { expect, test } from "vitest";
import { missingRow, row } from "./rows.ts";
import { markdownOf, tableOf } from "./table.ts";

const rows = [
  { ...row("step", 5.25, "×", { atLeast: 5 }), note: "105 ms against 551 ms" },
  missingRow("product of jax", "ms", "no adapter"),
  missingRow("wide step", "×", "no memory", { atLeast: 3 }),
];

test("a table aligns its columns, and a note is the last one", () => {
  expect(tableOf(rows).split("\n")).toEqual([
    "name            value  unit  goal  holds  note",
    "step             5.25     ×   ≥ 5    yes  105 ms against 551 ms",
    "product of jax      –    ms     –      –  no adapter",
    "wide step           –     ×   ≥ 3     NO  no memory",
  ]);
});

test("a table without notes has no column for them", () => {
  expect(tableOf([row("a", 3, "ms")])).toBe("name  value  unit  goal  holds\na         3    ms     –      –");
});

test("the same rows in Markdown", () => {
  expect(markdownOf(rows).split("\n").slice(0, 3)).toEqual([
    "| name | value | unit | goal | holds | note |",
    "|---|--:|---|---|---|---|",
    "| step | 5.25 | × | ≥ 5 | yes | 105 ms against 551 ms |",
  ]);
});
