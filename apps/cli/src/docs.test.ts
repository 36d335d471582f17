import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, CommanderError } from "commander";
import { expect, test } from "vitest";
import { addBench } from "./commands/bench.ts";
import { addTorture } from "./commands/torture.ts";
import { createProgram } from "./program.ts";

const project = fileURLToPath(new URL("../../..", import.meta.url));
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: project, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(project, file)));
const pages = files.filter((file) =>
  /^(README|ARCHITECTURE)\.md$|^docs\/(results\/README|[^/]+)\.md$|^(apps|packages)\/[^/]+\/README\.md$/.test(file),
);
const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { scripts: Record<string, string> };

/** The shell lines, the words in backquotes and the link targets of a page. */
function partsOf(text: string) {
  const fenced = [...text.matchAll(/^```(?:sh)?\n([\s\S]*?)^```/gm)].flatMap(([, block = ""]) => block.split("\n"));
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll(/\s+/g, " "));
  const links = [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link).filter((link) => !link.includes("://"));
  return { fenced, inline, links };
}

const isThere = (path: string) => existsSync(join(project, path));
const isFolderOfProject = /^(apps|packages|docs|scripts|e2e|examples|public|\.ci)\//;
/** Folders that commands make. */
const isMade = /^public\/(datasets|backbones|prompts)(\/|$)/;

/** Whether what is named is a file or folder of the project: from its root, or, for the name of a source file, the end of a path. */
function isPathKnown(name: string): boolean {
  const path = name.replace(/\/$/, "").replace(/\/?<.*$/, "");
  if (isFolderOfProject.test(name)) return isMade.test(path) || isThere(path);
  return files.some((file) => `/${file}`.endsWith(`/${path}`) || `/${file}`.includes(`/${path}/`));
}

const namesPath = (code: string) => isFolderOfProject.test(code) || /^(?!\.\/)[\w./<>-]+\.(tsx?|mjs|md|css)$/.test(code);

const words = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");

/** The commands of a line, without comments and with the parts of a pipe or chain apart. */
function commandsOf(line: string): string[][] {
  const [code = ""] = line.split(/(?:^|\s)#/);
  return code.split(/&&|\|/).map((command) => words(command));
}

/** Commands that only parse: those that hold others print their help, the others do nothing. */
function withoutActions(command: Command): Command {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) withoutActions(child);
  return command;
}

/** What is wrong with the words behind `tutti`, or nothing. A mention in a sentence may leave out what the command needs. */
async function tuttiFault(args: string[], isMention: boolean): Promise<string | null> {
  const program = withoutActions(createProgram([addBench, addTorture]));
  try {
    await program.parseAsync(args, { from: "user" });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isShort = ["commander.missingArgument", "commander.missingMandatoryOptionValue", "commander.help"].includes(error.code);
    return error.exitCode === 0 || (isShort && isMention) ? null : error.message;
  }
}

async function commandFault(command: string[], isMention: boolean): Promise<string | null> {
  const [program, ...args] = command[0] === "npx" ? command.slice(1) : command;
  if (program === "tutti") return tuttiFault(args, isMention);
  if (program === "node") return isThere(args[0] ?? "") ? null : `there is no ${args[0]}`;
  if (program !== "npm" || !["run", "test"].includes(args[0] ?? "")) return null;
  const name = (args[0] === "run" ? args[1] : args[0]) ?? "";
  const script = scripts[name];
  if (script === undefined) return `package.json has no script ${name}`;
  const [, ofTutti] = /^node apps\/cli\/bin\/tutti\.mjs (.*)$/.exec(script) ?? [];
  const behind = args.indexOf("--");
  return ofTutti === undefined ? null : tuttiFault([...words(ofTutti), ...(behind === -1 ? [] : args.slice(behind + 1))], true);
}

async function faultsOf(page: string): Promise<string[]> {
  const { fenced, inline, links } = partsOf(readFileSync(join(project, page), "utf8"));
  const lines = [...fenced.map((line) => ({ line, isMention: false })), ...inline.map((line) => ({ line, isMention: true }))];
  const faults = await Promise.all(
    lines.flatMap(({ line, isMention }) =>
      commandsOf(line).map(async (command) => {
        const fault = await commandFault(command, isMention);
        return fault === null ? [] : [`${page}: ${command.join(" ")}: ${fault}`];
      }),
    ),
  );
  const lost = links.filter((link) => !isThere(normalize(join(page, "..", link)))).map((link) => `${page}: a link to ${link}`);
  const unknown = inline.filter((code) => namesPath(code) && !isPathKnown(code)).map((code) => `${page}: there is no ${code}`);
  return [...faults.flat(), ...lost, ...unknown];
}

const optionsOf = (command: Command): string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  ...command.commands.flatMap(optionsOf),
];

test("every path and link in README.md, ARCHITECTURE.md, docs and the packages' READMEs exists, and every command parses", async () => {
  expect(pages.length).toBeGreaterThan(10);
  expect((await Promise.all(pages.map(faultsOf))).flat()).toEqual([]);
});

test("every option in backquotes is one of some command", () => {
  const known = ["--help", ...optionsOf(createProgram([addBench, addTorture]))];
  const named = pages.flatMap((page) => partsOf(readFileSync(join(project, page), "utf8")).inline.filter((code) => code.startsWith("--")));
  expect(named.map((code) => words(code)[0]).filter((name) => !known.includes(name ?? ""))).toEqual([]);
});

test("a command or path that is wrong is found", async () => {
  expect(await commandFault(words("npx tutti lab run smoke --list"), false)).toContain("unknown option '--list'");
  expect(await commandFault(words("npx tutti serve --https sell"), false)).toContain("Allowed choices are none, self");
  expect(await commandFault(words("tutti run start"), false)).toContain("missing required argument 'file'");
  expect(await commandFault(words("tutti run start"), true)).toBe(null);
  expect(await commandFault(words("tutti lap run smoke"), true)).toContain("unknown command 'lap'");
  expect(await commandFault(words("npm run demos"), false)).toBe("package.json has no script demos");
  expect(await commandFault(words("npm run demo -- --tab 2"), false)).toContain("unknown option '--tab'");
  expect(["packages/core/src/rounds.ts", "createTuner.ts", "packages/model/src/kernels"].every(isPathKnown)).toBe(true);
  expect(["packages/core/src/round.ts", "createTuners.ts", "runPart.ts", "packages/model/src/kernel"].some(isPathKnown)).toBe(false);
});
