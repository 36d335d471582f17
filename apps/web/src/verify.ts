import { goldenErrors, startBackend } from "@tutti/model";
import { readPageParams } from "./join/queryParams.ts";

/**
 * `?backend=…&threads=…&golden=<address of a folder with golden.json, config.json and model.safetensors>&spectrum=1`; prints the largest errors as
 * JSON. On WebGPU the Ritz values are left out unless they are asked for: a software adapter needs minutes.
 */
async function verify(): Promise<unknown> {
  const { backend, threads } = readPageParams(location.search);
  const golden = new URLSearchParams(location.search).get("golden");
  if (backend === "auto" || golden === null) throw new Error("backend and golden must be given");
  const started = await startBackend(backend, { threads: threads === 0 ? 1 : threads, wasmPath: new URL("/wasm/", location.origin).href });
  const folder = new URL(golden.endsWith("/") ? golden : `${golden}/`, location.href);
  const [numbers, config, checkpoint] = await Promise.all(
    ["golden.json", "config.json", "model.safetensors"].map(async (name) => {
      const response = await fetch(new URL(name, folder));
      if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    }),
  );
  const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
  const options = new URLSearchParams(location.search).get("spectrum") === "1" ? { hasSpectrum: true } : {};
  const errors = await goldenErrors(text(config), checkpoint ?? new Uint8Array(), JSON.parse(text(numbers)), options);
  return { backend: started.name, threads: started.threads, errors };
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
