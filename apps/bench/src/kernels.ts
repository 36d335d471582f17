import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { loadAdapterScript } from "@tutti/server/checkout";
import { type BenchRow, missingRow } from "./rows.ts";

/** What a child process said. */
interface ChildResult {
  readonly rows: readonly BenchRow[];
  readonly adapter: string | null;
  readonly code: number | null;
}

/** Training steps and kernels beside the yardstick and other libraries: on WebGPU, on WASM, and gpt-tfjs, each in its own process. */
export async function benchKernels(): Promise<BenchRow[]> {
  const gpu = await onAdapter(["webgpu"]);
  const isSoftware = gpu.adapter !== null && /swiftshader|llvmpipe|fallback/i.test(gpu.adapter);
  const wasm = await runChild(["wasm"], {});
  // on a software adapter its step of six narrow layers takes minutes; plain JavaScript is faster there
  const gptTfjs = gpu.adapter === null || isSoftware ? await runChild(["gptTfjs", "cpu"], {}) : await onAdapter(["gptTfjs", "webgpu"]);
  const webgpu = gpu.rows.length > 0 ? gpu.rows : [missingRow("training step, webgpu", "×", "no WebGPU adapter for Node", { atLeast: 5 })];
  return [...webgpu, ...wasm.rows, ...gptTfjs.rows].map((found) => ({ ...found, name: withAdapter(found.name, gpu.adapter) }));
}

function withAdapter(name: string, adapter: string | null): string {
  return adapter === null ? name : name.replace("webgpu", /swiftshader/i.test(adapter) ? "webgpu (SwiftShader)" : "webgpu");
}

const onAdapter = async (args: readonly string[]): Promise<ChildResult> => runChild(args, await adapterEnvironment());

/** In which Dawn finds a machine's GPU where it has one, otherwise the software adapter that Chromium ships. */
export async function adapterEnvironment(): Promise<Readonly<Record<string, string>>> {
  if (await hasOwnAdapter()) return {};
  const { softwareAdapter } = await loadAdapterScript();
  return softwareAdapter();
}

/** Asks in its own process, silently: Dawn complains aloud where there is no driver. */
async function hasOwnAdapter(): Promise<boolean> {
  const child = fork(childPath, ["probe", "webgpu"], { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "ignore", "ipc"] });
  return new Promise((resolve, reject) => child.once("exit", (code) => resolve(code === 0)).once("error", reject));
}

const childPath = fileURLToPath(new URL("./kernelsChild.ts", import.meta.url));

/** What kernelsChild.ts ends with when it sees no adapter. */
const noAdapter = 3;

async function runChild(args: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildResult> {
  const child = fork(childPath, [...args], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, ...env },
    stdio: ["ignore", 2, "inherit", "ipc"],
  });
  const rows: BenchRow[] = [];
  let adapter: string | null = null;
  child.on("message", (message: BenchRow | { readonly adapter: string | null }) => {
    if ("adapter" in message) adapter = message.adapter;
    else {
      rows.push(message);
      process.stderr.write(`${message.name}  ${message.value ?? "–"} ${message.unit}  ${message.note ?? ""}\n`);
    }
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once("exit", resolve).once("error", reject));
  if (code !== 0 && code !== noAdapter)
    rows.push(missingRow(`the rest of ${args.join(" ")}`, "", `the process ended with exit code ${code}`, { atLeast: 1 }));
  return { rows, adapter, code };
}
