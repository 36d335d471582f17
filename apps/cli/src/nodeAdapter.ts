import { spawn } from "node:child_process";
import { runAgain } from "./runAgain.ts";

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
      "Node finds no WebGPU adapter on this machine: install a Vulkan driver, or Chromium, which has a software adapter; or use --backend wasm or cpu",
    );
  }
  return runAgain({ ...environment, [marker]: "1" });
}

/** Asked in its own process: where there is no driver, Dawn prints a warning that would puzzle. */
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
