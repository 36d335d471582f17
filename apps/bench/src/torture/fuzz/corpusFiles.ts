import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "@tutti/server/checkout";

/** The bytes of a file of the project, such as a small adapter that peft wrote. */
export function projectFile(...path: string[]): Uint8Array {
  return new Uint8Array(readFileSync(join(projectFolder, ...path)));
}

/** The bytes of the project's files in a folder whose names fit. */
export function projectFiles(folder: string, fits: RegExp): Uint8Array[] {
  return readdirSync(join(projectFolder, folder))
    .filter((name) => fits.test(name))
    .sort()
    .map((name) => projectFile(folder, name));
}

/** A good input of the corpus beside this file, by its name. */
export function corpusFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`corpus/${name}`, import.meta.url)));
}

/** Text as bytes. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes as text; what is no UTF-8 becomes replacement characters. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
