#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// an installed command holds JavaScript, and its pages and built-in data beside it; a checkout reads TypeScript
const built = new URL("../dist/main.js", import.meta.url);
if (existsSync(built)) {
  process.env.TUTTI_HOME = fileURLToPath(new URL("..", import.meta.url));
  await import(built.href);
} else {
  await import("../../../scripts/register-typescript.mjs");
  await import("../src/checkoutMain.ts");
}
