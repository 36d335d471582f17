import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandAgain, labOptions } from "./options.ts";

test("a built-in experiment is found by its name, and everything else has a default", () => {
  const { file, preset, clients, numTabs, numRemote, host, port, out, reuse } = labOptions("smoke");
  expect(file).toMatch(/experiments\/smoke\.yaml$/);
  expect({ preset, clients, numTabs, numRemote, host, port, out, reuse }).toEqual({
    preset: "smoke",
    clients: null,
    numTabs: null,
    numRemote: 0,
    host: "127.0.0.1",
    port: null,
    out: null,
    reuse: [],
  });
  expect(labOptions("smoke", { out: "x", clients: "node", numTabs: 3 })).toMatchObject({ out: "x", clients: "node", numTabs: 3 });
});

test("folders whose results are taken over hold an experiment's runs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-options-"));
  expect(() => labOptions("smoke", { reuse: [folder] })).toThrow(/--reuse .*: expected the folder of an experiment/);
  await mkdir(join(folder, "runs"));
  expect(labOptions("smoke", { reuse: [folder, folder] }).reuse).toEqual([folder, folder]);
  await rm(folder, { recursive: true });
});

test("a name that is neither an experiment nor a file is refused with those there are", () => {
  expect(() => labOptions("weather")).toThrow(
    /no experiment or file weather; the built-in experiments are fleets, held-out, layer-selection, .*smoke/,
  );
  expect(() => labOptions("smok")).toThrow("; did you mean smoke?");
});

test("the command that makes it again has the file as it was given and its folder, of a preset the name alone", () => {
  const own = { ...labOptions("smoke"), preset: null, file: "../my files/it's.yaml" };
  expect(commandAgain(own)).toBe("npx tutti lab run '../my files/it'\\''s.yaml'");
  expect(commandAgain({ ...own, file: "mine.yaml", out: "results/mine" })).toBe("npx tutti lab run mine.yaml --out results/mine");
  expect(commandAgain(labOptions("smoke", { out: "x" }))).toBe("npx tutti lab run smoke");
  const elsewhere = labOptions("smoke", { clients: "node", publicDir: "/data/mine", numRemote: 2, numTabs: 1 });
  expect(commandAgain(elsewhere)).toBe("npx tutti lab run smoke --clients node --tabs 1 --remote 2 --public /data/mine");
});
