#!/usr/bin/env node
// Format, lint and import rules, import cycles, then types: all of them, also where the first find something.
import { spawnSync } from "node:child_process";

const checks = [
  ["biome", "ci", "."],
  ["node", "scripts/check-cycles.mjs"],
  ["tsc", "--build"],
];
const isPassed = ([command, ...args]) => spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" }).status === 0;
if (checks.map(isPassed).includes(false)) process.exitCode = 1;
