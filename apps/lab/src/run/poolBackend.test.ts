import type { RunRecord } from "@tutti/record";
import { simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { ExperimentError } from "../experiment/experimentFile.ts";
import { backendOfPool, requireBackend } from "./poolBackend.ts";

const run = (id: string, backend: string, error: string | null = null): [string, RunRecord] => [
  id,
  { ...simulatedRun({ method: "lora", task: "subj", seed: 3 }), id, backend, error },
];
const ids = new Set(["a", "b", "c", "d"]);
const found = (runs: [string, RunRecord][], unfinished: readonly string[] = []) => ({ runs: new Map(runs), unfinished });
const out = { path: "results/mine" };

test("the backend of the file takes the place of the remembered one; auto leaves that in place", () => {
  expect(backendOfPool("webgpu", { backend: "wasm" })).toBe("webgpu");
  expect(backendOfPool("auto", { backend: "wasm" })).toBe("wasm");
  expect([backendOfPool("auto", null), backendOfPool("cpu", null)]).toEqual(["auto", "cpu"]);
});

test("finished runs of another backend than the file asks for are refused with what to do; auto takes them as they are", () => {
  const results = found([run("a", "wasm"), run("b", "wasm"), run("c", "webgpu"), run("d", "unknown", "it broke"), run("foreign", "cpu")]);
  const need = (wanted: "auto" | "webgpu" | "wasm") => () => requireBackend(out, wanted, results, { ids, remembered: "auto" });
  expect(need("webgpu")).toThrow(ExperimentError);
  expect(need("webgpu")).toThrow(
    /^backend: found webgpu, but 2 runs in results\/mine were made on wasm; give another --out \(and --reuse results\/mine to use the results made on webgpu\), or write backend: wasm$/,
  );
  expect(need("wasm")).toThrow("1 run in results/mine was made on webgpu");
  expect(need("auto")).not.toThrow();
});

test("a run that was begun on the remembered backend is not gone on with on another one", () => {
  const need = (remembered: "auto" | "wasm" | "webgpu" | null, unfinished: readonly string[]) => () =>
    requireBackend(out, "webgpu", found([run("a", "webgpu")], unfinished), { ids, remembered });
  expect(need("wasm", ["b", "foreign"])).toThrow("1 run in results/mine was made on wasm");
  for (const remembered of ["auto", "webgpu", null] as const) expect(need(remembered, ["b"])).not.toThrow();
  expect(need("wasm", ["foreign"])).not.toThrow();
});
