import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Set in the child, so that it looks no further. */
const marker = "TUTTI_ON_SOFTWARE_ADAPTER";

/**
 * Gives this process a WebGPU adapter. Where it has none but Chromium's software adapter is on this machine, the same command runs once
 * more in a child that finds it, and the exit code of that child is returned; null means that the adapter is here.
 */
export async function provideAdapter(): Promise<number | null> {
  const isChild = process.env[marker] !== undefined;
  if (isChild || (await hasAdapter())) {
    const { provideNodeGpu } = await import("@tutti/model/node");
    if (await provideNodeGpu()) return null;
  }
  const environment = isChild ? {} : await softwareEnvironment();
  if (Object.keys(environment).length === 0) {
    throw new Error(
      "this machine has no WebGPU adapter for Node: install a Vulkan driver, or Chromium, which brings a software one; --backend wasm or cpu computes without",
    );
  }
  return runAgain({ ...environment, [marker]: "1" });
}

/** Asked in a process of its own: where there is no driver, Dawn prints a warning that would puzzle. */
async function hasAdapter(): Promise<boolean> {
  const { projectFolder } = await import("@tutti/server/checkout");
  const question = 'import { create } from "webgpu"; process.exit((await create([]).requestAdapter()) === null ? 1 : 0);';
  const child = spawn(process.execPath, ["--input-type=module", "--eval", question], { cwd: projectFolder, stdio: "ignore" });
  return new Promise((resolve) => {
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
  });
}

async function softwareEnvironment(): Promise<Readonly<Record<string, string>>> {
  const { loadAdapterScript } = await import("@tutti/server/checkout");
  return (await loadAdapterScript()).softwareAdapter();
}

function runAgain(environment: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, forward);
  return new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 1 : constants.signals[signal])));
  }).finally(() => {
    for (const signal of signals) process.off(signal, forward);
  });
}
