#!/usr/bin/env node
// Looks at every state of the pages for what keeps people out, rare states too: npm run access.
import { spawn } from "node:child_process";

const env = { ...process.env, TUTTI_ACCESS: "all" };
const child = spawn("npx", ["playwright", "test", "e2e/access.e2e.ts"], { stdio: "inherit", env, shell: process.platform === "win32" });
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
