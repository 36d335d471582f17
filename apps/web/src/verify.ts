import "./noEval.ts";
import { chooseKernels, chosenKernels, goldenErrors, type StartedBackend, startBackend } from "@tutti/model";
import { runParity } from "@tutti/model/parity";
import { pageFolder } from "./join/pageFolder.ts";
import { readPageParams } from "./join/queryParams.ts";

/**
 * `?backend=…&threads=…&kernels=plain&golden=<address of a folder with golden.json, config.json and model.safetensors>&spectrum=1`; prints the largest
 * errors as JSON. On WebGPU the Ritz values are left out unless they are asked for: a software adapter needs minutes. `?backend=webgpu&parity=1`
 * compares every WebGPU kernel with its plain twin instead; `parity=quick` leaves out what a software adapter compiles for seconds.
 */
async function verify(): Promise<unknown> {
  const { backend, threads, kernels } = readPageParams(location.search);
  const query = new URLSearchParams(location.search);
  if (backend === "auto") throw new Error("the address names no backend: add ?backend=webgpu, wasm or cpu");
  const started = await startBackend(backend, { threads: threads === 0 ? 1 : threads, wasmPath: new URL("wasm/", pageFolder()).href });
  chooseKernels(kernels);
  const parity = query.get("parity");
  const errors = parity === null ? { errors: await compareGolden(query) } : { parity: await runParity({ isQuick: parity === "quick" }) };
  return { ...describe(started), ...errors };
}

function describe({ name: backend, threads, adapter }: StartedBackend) {
  return { backend, threads, adapter, kernels: chosenKernels() };
}

async function compareGolden(query: URLSearchParams) {
  const golden = query.get("golden");
  if (golden === null) throw new Error("the address names neither golden nor parity: add &golden=<folder> or &parity=1");
  const folder = new URL(golden.endsWith("/") ? golden : `${golden}/`, location.href);
  const [numbers, config, checkpoint] = await Promise.all(
    ["golden.json", "config.json", "model.safetensors"].map(async (name) => {
      const response = await fetch(new URL(name, folder));
      if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    }),
  );
  const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
  const options = query.get("spectrum") === "1" ? { hasSpectrum: true } : {};
  return goldenErrors(text(config), checkpoint ?? new Uint8Array(), JSON.parse(text(numbers)), options);
}

function show(state: "done" | "failed", result: unknown): void {
  const target = document.getElementById("result");
  if (target !== null) target.textContent = JSON.stringify(result);
  document.documentElement.dataset.state = state;
}

verify().then(
  (result) => show("done", result),
  (error: unknown) => show("failed", { error: error instanceof Error ? error.message : String(error) }),
);
