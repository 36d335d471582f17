#!/usr/bin/env node
// Writes those parts of docs/methods.md that the tables of strategies and tuning methods declare.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import "./register-typescript.mjs";

const { methodsPageParts, withParts } = await import("../apps/cli/src/methodsPage.ts");
const { readBackboneSizes } = await import("../apps/server/src/index.ts");

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const page = pathOf("docs/methods.md");
writeFileSync(page, withParts(readFileSync(page, "utf8"), methodsPageParts(readBackboneSizes(pathOf("public"), "minuet"))));
