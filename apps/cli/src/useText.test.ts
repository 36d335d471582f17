import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { publicFolder } from "@tutti/server/checkout";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import { createProgram } from "./program.ts";
import { useText } from "./useText.ts";

test("the line after an addition is a command that finds it", () => {
  const folder = temporaryFolder();
  const mine = { kind: "datasets", name: "mine", folder: join(folder.path, "datasets", "mine") } as const;
  expect(useText({ ...mine, folder: join(publicFolder(), "datasets/mine") })).toBe("Use it: tutti serve --task mine");
  expect(useText(mine)).toBe("Use it: tutti serve --task mine --public FOLDER, where FOLDER holds datasets/mine and backbones/minuet");
  mkdirSync(join(folder.path, "backbones/minuet"), { recursive: true });
  expect(useText(mine)).toBe(`Use it: tutti serve --task mine --public ${folder.path}`);
  // a folder of another name is in no public folder
  expect(useText({ ...mine, folder: join(folder.path, "elsewhere", "mine") })).toContain("--public FOLDER");
  mkdirSync(join(folder.path, "datasets/feedback"), { recursive: true });
  const backbone = { kind: "backbones", name: "tiny", folder: join(folder.path, "backbones/tiny") } as const;
  expect(useText(backbone)).toBe(`Use it: tutti serve --backbone tiny --public ${folder.path}`);
  folder.remove();
});

test("serve, run start and run branch take the folder with --public", () => {
  const program = createProgram();
  const serve = program.commands.find((command) => command.name() === "serve");
  const run = program.commands.find((command) => command.name() === "run");
  const starting = run?.commands.filter((command) => ["start", "branch"].includes(command.name())) ?? [];
  expect([serve, ...starting].map((command) => command?.options.some(({ long }) => long === "--public"))).toEqual([true, true, true]);
});
