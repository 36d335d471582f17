import { spawn } from "node:child_process";
import { projectFolder } from "@tutti/server/checkout";
import { type BenchRow, row } from "./rows.ts";

/** `npm test`, all of it, once. */
export async function benchTests(): Promise<BenchRow[]> {
  const start = performance.now();
  const child = spawn("npm", ["test"], { cwd: projectFolder, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  const code = await new Promise<number | null>((resolve, reject) => child.once("exit", resolve).once("error", reject));
  if (code !== 0) throw new Error(`npm test ended with exit code ${code}`);
  return [row("npm test", (performance.now() - start) / 60_000, "min", { atMost: 15 })];
}
