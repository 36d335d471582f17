import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { publicFolder as broughtFolder } from "./places.ts";

/** Groups of commands that look after what is in a public folder, and those of their commands that add to it. */
const groups = ["data", "backbone", "prompt"];
const adding = ["add", "train"];

/**
 * Has an installed command's `data`, `backbone` and `prompt` work where runs look: in `public` where it is called, once something was added
 * there, and until then in what the command brings. The first addition puts that beside it.
 */
export function withBuiltIns(program: Command): void {
  program.hook("preAction", async (_, action) => {
    const isDefault = (name: string) => action.getOptionValueSource(name) === "default";
    const names = ["datasets", "backbones", "public"].filter(isDefault);
    if (names.length === 0 || !groups.includes(action.parent?.name() ?? "")) return;
    const folder = adding.includes(action.name()) ? await folderHere() : await folderInUse();
    for (const name of names) action.setOptionValueWithSource(name, name === "public" ? folder : join(folder, name), "default");
  });
}

async function folderInUse(): Promise<string> {
  return (await import("@tutti/server/checkout")).publicFolder();
}

/** What the command brings, in its public folder. */
const broughtParts = ["backbones/minuet", "backbones/etude", "backbones/concerto", "datasets/feedback", "datasets/replies"];

/** `public` where the command is called, with the built-in backbones and data sets in it. */
async function folderHere(): Promise<string> {
  const here = resolve("public");
  for (const part of broughtParts)
    if (!existsSync(join(here, part))) await cp(join(broughtFolder, part), join(here, part), { recursive: true });
  return here;
}
