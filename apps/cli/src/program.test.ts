import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { addBench } from "./commands/bench.ts";
import { createProgram } from "./program.ts";

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => parts.push(part) });
  command.outputHelp();
  return parts.join("");
}

test("every command says what it does, and those that people start with show examples", () => {
  const commands = all(createProgram([addBench])).filter((command) => command.name() !== "help");
  for (const command of commands) expect(command.description(), command.name()).not.toBe("");
  for (const name of ["tutti", "demo", "serve", "start", "predict", "add", "export"]) {
    const found = commands.find((command) => command.name() === name);
    expect(found === undefined ? name : helpOf(found), name).toContain("Example");
  }
});

test("the help lists the exit codes", () => {
  expect(helpOf(createProgram())).toMatch(/130\s+stopped by Ctrl-C/);
});

test("a reader that leaves early, such as head, ends no command with a stack", async () => {
  const bin = fileURLToPath(new URL("../bin/tutti.mjs", import.meta.url));
  const child = spawn(process.execPath, [bin, "data", "list"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let complaint = "";
  child.stderr.on("data", (part: Buffer) => {
    complaint += part.toString();
  });
  const [exitCode] = await once(child, "close");
  expect([exitCode, complaint]).toEqual([0, ""]);
});

test("a wrong number is refused with what it must be", async () => {
  const program = createProgram();
  for (const command of all(program)) command.configureOutput({ writeErr: () => undefined });
  await expect(program.parseAsync(["demo", "--tabs", "0"], { from: "user" })).rejects.toThrow("at least 1");
});
