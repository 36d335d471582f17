#!/usr/bin/env node
// Format, lint and import rules, import cycles, then types: all of them, also where the first find something.
import { spawnSync } from "node:child_process";

/** The folders that have none; the others are to follow. */
const withoutCycles = [
  "apps/cli",
  "apps/server",
  "apps/web",
  "e2e",
  "packages/client",
  "packages/core",
  "packages/data",
  "packages/protocol",
];
const checks = [
  ["biome", "ci", "."],
  [process.execPath, "scripts/check-cycles.mjs", ...withoutCycles],
  ["tsc", "--build"],
];
const isPassed = ([command, ...args]) => spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" }).status === 0;
if (checks.map(isPassed).includes(false)) process.exitCode = 1;
