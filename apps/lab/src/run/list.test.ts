import { fileURLToPath } from "node:url";
import { methodNames, methods, serverRates, strategies, tunings } from "@tutti/core";
import { expect, test } from "vitest";
import { listExperiments } from "./list.ts";
import { presetNames } from "./options.ts";

test("the list has every built-in experiment with its number of runs, and every method of the comparison", async () => {
  const publicDir = fileURLToPath(new URL("../../../../public", import.meta.url));
  const lines = (await listExperiments(publicDir)).split("\n");
  for (const name of presetNames())
    expect(lines.filter((line) => new RegExp(`^${name} +[1-9]\\d* runs {2}.+\\?$`).test(line))).toHaveLength(1);
  const comparison = lines.slice(lines.indexOf("Methods of the comparison, `all` for every one:") + 1, -4);
  expect(comparison.map((line) => line.split(/ +/)[0])).toEqual(methodNames);
  expect(lines.slice(-3)).toEqual([
    `Strategies: ${Object.keys(strategies).join(", ")}`,
    `Tuning methods: ${Object.keys(tunings).join(", ")}`,
    `Schedules of a server's rate: ${Object.keys(serverRates).join(", ")}`,
  ]);
  expect(comparison).toContain(`fedAdam              FedAdam: ${methods.fedAdam.trained}`);
});
