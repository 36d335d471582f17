import { type ClientProfile, clientProfileSchema } from "@tutti/core";
import type { BackendName, KernelChoice } from "@tutti/model";
import { cleanNickname } from "../storage/nickname.ts";

/** What the page's address can ask for. */
export interface PageParams {
  readonly backend: "auto" | BackendName;
  /** WASM threads; 0 for as many as there are cores. */
  readonly threads: number;
  /** Which of several numbered tabs this is: each number keeps its own client key. "" for visitors. */
  readonly tab: string;
  /** Joins without waiting for the button. */
  readonly isAuto: boolean;
  readonly nickname: string;
  /** `plain` computes without our own kernels, for comparison. */
  readonly kernels: KernelChoice;
  /** Whether the tab computes forward passes alone, whatever fits. */
  readonly isForwardOnly: boolean;
  /** A machine that this tab is to simulate; null for none. */
  readonly machine: ClientProfile | null;
}

const backends: readonly PageParams["backend"][] = ["auto", "webgpu", "wasm", "cpu"];

/** Whether a page was opened by nobody else's page: by its own site, by an address that was typed, or by a program. */
export function isOwnReferrer(referrer: string, origin: string): boolean {
  return referrer === "" || (URL.canParse(referrer) && new URL(referrer).origin === origin);
}

/** Reads `?backend=…&threads=…&kernels=plain&tab=…&auto=1&name=…&machine=…&passes=forward`; whatever makes no sense is left out. */
export function readPageParams(search: string): PageParams {
  const params = new URLSearchParams(search);
  const threads = Number(params.get("threads") ?? 0);
  return {
    backend: backends.find((name) => name === params.get("backend")) ?? "auto",
    threads: Number.isInteger(threads) && threads > 0 && threads <= 256 ? threads : 0,
    tab: (params.get("tab") ?? "").slice(0, 20),
    kernels: params.get("kernels") === "plain" ? "plain" : "fast",
    isForwardOnly: params.get("passes") === "forward",
    machine: machineOf(params.get("machine")),
    isAuto: params.get("auto") === "1",
    nickname: cleanNickname(params.get("name") ?? ""),
  };
}

/** Operations a second, bytes of memory and bytes a second, such as `2e9,1e8,1e6`. */
function machineOf(text: string | null): ClientProfile | null {
  const [flopsPerSecond, memoryBytes, bytesPerSecond] = (text ?? "").split(",").map(Number);
  return clientProfileSchema.safeParse({ flopsPerSecond, memoryBytes, bytesPerSecond }).data ?? null;
}
