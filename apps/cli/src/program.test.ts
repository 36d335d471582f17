import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { addBench } from "./commands/bench.ts";
import { addTorture } from "./commands/torture.ts";
import { createProgram } from "./program.ts";

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => parts.push(part) });
  command.outputHelp();
  return parts.join("");
}

const pathOf = (command: Command): string => `${command.parent === null ? "" : `${pathOf(command.parent)} `}${command.name()}`;

test("every command says what it does and shows an example, and every option and argument has a description", () => {
  const commands = all(createProgram([addBench, addTorture])).filter((command) => command.name() !== "help");
  expect(commands.length).toBeGreaterThan(30);
  for (const command of commands) {
    const path = pathOf(command);
    expect(command.description(), path).not.toBe("");
    const help = helpOf(command);
    expect(help, path).toMatch(/^Examples?( of .*)?:$/m);
    // an example is a whole command, with its own name
    expect(help, path).toMatch(new RegExp(`^(  |.*&& |.*\\| )${path}\\b`, "m"));
    for (const option of command.options) expect(option.description, `${path} ${option.flags}`).not.toBe("");
    for (const argument of command.registeredArguments) expect(argument.description, `${path} ${argument.name()}`).not.toBe("");
  }
});

test("there is one command line for everything", () => {
  const namesOf = (program: Command) => program.commands.map((command) => command.name());
  const first = ["demo", "class", "helpers", "serve", "join", "watch", "compute"];
  const everywhere = [...first, "run", "lab", "data", "backbone", "prompt", "predict", "receipt"];
  expect(namesOf(createProgram())).toEqual(everywhere);
  expect(namesOf(createProgram([addBench, addTorture]))).toEqual([...everywhere, "bench", "torture"]);
  const lab = createProgram().commands.find((command) => command.name() === "lab");
  expect(lab?.commands.map((command) => command.name())).toEqual(["run", "list", "estimate", "join", "compare", "page"]);
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

test("what is for the speed benchmark is refused elsewhere, and a part of it that there is not is named", async () => {
  const parse = (...args: string[]) => {
    const program = createProgram([addBench]);
    for (const command of all(program)) command.configureOutput({ writeErr: () => undefined });
    return program.parseAsync(["bench", ...args], { from: "user" });
  };
  await expect(parse("load", "--against", "main")).rejects.toThrow("--against is for speed");
  await expect(parse("--quick")).rejects.toThrow("--quick is for speed");
  await expect(parse("speed", "--only", "step,steps")).rejects.toThrow("found steps, expected some of step, page");
});
