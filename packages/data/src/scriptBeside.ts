import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** A program beside a module, and how Node is to run it. */
export interface Script {
  readonly path: string;
  /** Node's own arguments, before the path. */
  readonly execArgv: readonly string[];
}

/** What reads TypeScript in a checkout; installed packages hold JavaScript and never ask for it. */
const typescriptReader = new URL("../../../scripts/register-typescript.mjs", import.meta.url).href;

/**
 * The program `<name>` in the folder of the module at `moduleUrl`: TypeScript in a checkout, JavaScript where the package is installed.
 * Node only.
 */
export function scriptBeside(moduleUrl: string, name: string): Script {
  const { url, isSource } = urlBeside(moduleUrl, name);
  return { path: fileURLToPath(url), execArgv: isSource ? ["--import", typescriptReader] : [] };
}

/** Runs the program `<name>` in the folder of the module at `moduleUrl` in a thread. Node only. */
export function startThread(moduleUrl: string, name: string, workerData: unknown): Worker {
  const { url, isSource } = urlBeside(moduleUrl, name);
  if (!isSource) return new Worker(url, { workerData });
  // a thread takes no --import
  const [reader, program] = [typescriptReader, url.href].map((address) => JSON.stringify(address));
  return new Worker(`import(${reader}).then(() => import(${program}));`, { eval: true, workerData });
}

function urlBeside(moduleUrl: string, name: string): { readonly url: URL; readonly isSource: boolean } {
  const extension = extname(fileURLToPath(moduleUrl));
  return { url: new URL(`${name}${extension}`, moduleUrl), isSource: extension === ".ts" };
}
