#!/usr/bin/env node
import "../../../scripts/register-typescript.mjs";

await import("../src/main.ts");
