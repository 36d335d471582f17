import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { publicFolder } from "@tutti/server/checkout";
import { shellWord } from "@tutti/terminal";

interface Added {
  /** What was added. */
  readonly kind: "datasets" | "backbones";
  /** As a run's settings call it. */
  readonly name: string;
  /** Where it is now. */
  readonly folder: string;
}

const options = { datasets: "--task", backbones: "--backbone" };
/** What a run with no other choice needs beside it. */
const besides = { datasets: "backbones/minuet", backbones: "datasets/feedback" };

/** The command that serves a run with what was added: with its public folder where that is not the default one, or what that folder still needs. */
export function useText({ kind, name, folder }: Added): string {
  const command = `Use it: tutti serve ${options[kind]} ${shellWord(name)}`;
  const parent = dirname(resolve(folder));
  const place = dirname(parent);
  const isPublic = basename(parent) === kind;
  if (isPublic && place === resolve(publicFolder())) return command;
  if (isPublic && existsSync(join(place, besides[kind]))) return `${command} --public ${shellWord(place)}`;
  return `${command} --public FOLDER, where FOLDER holds ${kind}/${basename(folder)} and ${besides[kind]}`;
}
