import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectFolder } from "./places.ts";

interface ProgramsScript {
  findProgram(name: "firefox-esr" | "nginx" | "caddy"): string | null;
}

/** The path of a program that starts, or null: scripts/find-programs.mjs. */
export async function findProgram(name: "firefox-esr" | "nginx" | "caddy"): Promise<string | null> {
  const script: ProgramsScript = await import(pathToFileURL(join(projectFolder, "scripts/find-programs.mjs")).href);
  return script.findProgram(name);
}
