import { availableThreads } from "@tutti/model/threads";
import { type Hello, limits, protocolVersion } from "@tutti/protocol";
import { coordinatorFolder } from "./address.ts";
import type { Fetch } from "./blobs.ts";
import type { JoinOptions } from "./joinOptions.ts";

/** What a client says of itself, and of the devices that its store holds of the run. */
export function helloOf(options: JoinOptions, runId: string | null, devices: Hello["devices"]): Hello {
  const { clientKey, nickname, hosting, backend, threads, simulated, profile = simulated } = options;
  return {
    protocolVersion,
    clientKey,
    ...(runId === null ? {} : { runId }),
    ...(nickname === undefined ? {} : { nickname }),
    ...hostingOf(hosting),
    devices,
    ...(profile === undefined ? {} : { profile }),
    capabilities: {
      backend: backend ?? "auto",
      threads: Math.min(limits.maxThreads, availableThreads(threads ?? 0)),
      isSecureContext: globalThis.isSecureContext ?? true,
      userAgent: (globalThis.navigator?.userAgent ?? "Node").slice(0, limits.maxUserAgent),
    },
  };
}

function hostingOf(hosting: JoinOptions["hosting"]): Pick<Hello, "hosting" | "ownExamples" | "token"> {
  if (hosting?.kind === "own") return { hosting: "own", ownExamples: hosting.examples.length };
  return hosting?.kind === "compute" ? { hosting: "compute", token: hosting.token } : { hosting: "virtual" };
}

/** The run that the coordinator holds, asked before hello so that hello can list that run's devices; null when it does not say. */
export async function askRunId(url: string, fetchJson: Fetch): Promise<string | null> {
  try {
    const answer: unknown = await (await fetchJson(new URL("run.json", coordinatorFolder(url)).href)).json();
    return typeof answer === "object" && answer !== null && "runId" in answer && typeof answer.runId === "string" ? answer.runId : null;
  } catch {
    return null;
  }
}
