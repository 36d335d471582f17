import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandAgain, parseOptions } from "./options.ts";

test("a preset is found by its name, and everything else has a default", () => {
  const { file, preset, clients, numTabs, numRemote, host, port, out } = parseOptions(["smoke"]);
  expect(file).toMatch(/experiments\/smoke\.yaml$/);
  expect({ preset, clients, numTabs, numRemote, host, port, out }).toEqual({
    ...{ preset: "smoke", clients: "tabs", numTabs: null, numRemote: 0, host: "127.0.0.1", port: null, out: null },
  });
});

test("options are read", () => {
  const args = ["smoke", "--out", "x", "--clients", "node", "--tabs", "3", "--remote", "2", "--port", "9000", "--yes"];
  expect(parseOptions(args)).toMatchObject({ out: "x", clients: "node", numTabs: 3, numRemote: 2, port: 9000, isConfirmed: true });
  expect(parseOptions(["--join", "http://10.0.0.2:9000"])).toMatchObject({ join: "http://10.0.0.2:9000", file: null });
});

test("folders whose results are taken over hold an experiment's runs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-options-"));
  expect(() => parseOptions(["smoke", "--reuse", folder])).toThrow(/--reuse .*: expected the folder of an experiment/);
  await mkdir(join(folder, "runs"));
  expect(parseOptions(["smoke", "--reuse", folder, "--reuse", folder]).reuse).toEqual([folder, folder]);
  expect(parseOptions(["smoke"]).reuse).toEqual([]);
  await rm(folder, { recursive: true });
});

test("what makes no sense is refused with what was expected", () => {
  expect(() => parseOptions(["weather"])).toThrow(
    /neither a preset nor a file weather; the presets are held-out, layer-selection, .*smoke/,
  );
  expect(() => parseOptions(["smok"])).toThrow("; did you mean smoke?");
  expect(() => parseOptions(["smoke", "--tabs", "many"])).toThrow("--tabs many: expected a whole number from 1 to 256");
  expect(() => parseOptions(["smoke", "--clients", "phones"])).toThrow("--clients phones: expected tabs or node");
  expect(() => parseOptions(["smoke", "--tab", "2"])).toThrow(/Unknown option '--tab'/);
  expect(() => parseOptions([])).toThrow(/npm run lab -- <preset \| file.yaml>/);
});

test("the command that makes it again has the file as it was given and its folder, of a preset the name alone", () => {
  const own = { ...parseOptions(["smoke"]), preset: null, file: "../my files/it's.yaml" };
  expect(commandAgain(own)).toBe("npm run lab -- '../my files/it'\\''s.yaml'");
  expect(commandAgain({ ...own, file: "mine.yaml", out: "results/mine" })).toBe("npm run lab -- mine.yaml --out results/mine");
  expect(commandAgain(parseOptions(["smoke", "--out", "x"]))).toBe("npm run lab -- smoke");
  const elsewhere = ["smoke", "--clients", "node", "--public", "/data/mine", "--remote", "2", "--tabs", "1"];
  expect(commandAgain(parseOptions(elsewhere))).toBe("npm run lab -- smoke --clients node --tabs 1 --remote 2 --public /data/mine");
});
