import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { scriptBeside, startThread } from "./scriptBeside.ts";

const folder = mkdtempSync(join(tmpdir(), "tutti-scripts-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program `say` in both languages, beside a module in each; only the TypeScript one has a type that must be read away. */
function place(extension: ".ts" | ".js"): string {
  const [type, cast] = extension === ".ts" ? [": string", " as string"] : ["", ""];
  const text = `import { parentPort, workerData } from "node:worker_threads";
const said${type} = (workerData ?? "process")${cast} + " ${extension}";
if (parentPort === null) process.stdout.write(said);
else parentPort.postMessage(said);
`;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, `say${extension}`), text);
  return pathToFileURL(join(folder, `module${extension}`)).href;
}

for (const extension of [".ts", ".js"] as const) {
  test(`a module in ${extension} finds and runs the program beside it in its own language, as a process and as a thread`, async () => {
    const moduleUrl = place(extension);
    const { path, execArgv } = scriptBeside(moduleUrl, "say");
    expect(execFileSync(process.execPath, [...execArgv, path], { encoding: "utf8", cwd: folder })).toBe(`process ${extension}`);
    const thread = startThread(moduleUrl, "say", "thread");
    const [said] = await once(thread, "message");
    expect(said).toBe(`thread ${extension}`);
    expect(execArgv.length).toBe(extension === ".ts" ? 2 : 0);
  });
}
