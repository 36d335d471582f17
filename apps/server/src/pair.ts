import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type RunSettings, tokenTableHash } from "@tutti/core";
import { ConfigError } from "./config.ts";
import { readBackboneSizes, requireAnswering } from "./tuned.ts";

/**
 * Throws a ConfigError where a run's large model is not there, cannot score a next token, or does not give every token the number that the small one
 * gives it.
 */
export function requirePair(publicDir: string, run: RunSettings): void {
  const { strategy, backbone } = run;
  const { large } = strategy as { readonly large?: unknown };
  if (typeof large !== "string") return;
  readBackboneSizes(publicDir, large);
  for (const name of [backbone, large]) requireAnswering({ publicDir, run: { ...run, backbone: name } }, null);
  const [ofSmall, ofLarge] = [backbone, large].map((name) => tableOf(publicDir, name));
  if (ofSmall === ofLarge) return;
  throw new ConfigError(
    `strategy.large: ${large} and backbone ${backbone} do not share one vocabulary (token tables ${ofLarge?.slice(0, 12)} and ${ofSmall?.slice(0, 12)}), so their scores cannot be added; choose two backbones with one tokenizer`,
  );
}

function tableOf(publicDir: string, name: string): string {
  const path = join(publicDir, "backbones", name, "tokenizer.json");
  if (!existsSync(path)) throw new ConfigError(`backbone ${name}: ${path} is not there; \`tutti backbone add\` makes it again`);
  return tokenTableHash(readFileSync(path, "utf8"));
}
