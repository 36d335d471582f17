import { spawn } from "node:child_process";

/** Whether a command is there and ends well. */
export async function commandWorks(command: string, args: readonly string[]): Promise<boolean> {
  return runCommand(command, args).then(
    () => true,
    () => false,
  );
}

/** Runs a command to its end and gives what it printed; throws with what it said otherwise. */
export async function runCommand(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "pipe"], cwd });
  const texts = { out: "", error: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    texts.out += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    texts.error += chunk.toString("utf8");
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
  if (code !== 0) throw new Error(`${command} ended with exit code ${code}: ${texts.error.trim().split("\n").slice(-5).join(" / ")}`);
  return texts.out;
}
