import { looksAtMachines, type RunSettings } from "@tutti/core";
import { availableThreads } from "@tutti/model/threads";
import { type ClientIdentity, type Hello, limits, protocolVersion, runSettingsSchema } from "@tutti/protocol";
import { coordinatorFolder } from "./address.ts";
import type { Fetch } from "./blobs.ts";
import type { JoinOptions, MachineClaim } from "./joinOptions.ts";
import { tokenIn } from "./token.ts";

/** What hello says beside what the options hold: the run, if it is known, the devices that the store holds of it, and the claimed machine. */
export interface SaidInHello {
  readonly identity: ClientIdentity;
  /** Of the present connection (P-100). */
  readonly challenge: string;
  readonly runId: string | null;
  readonly devices: Hello["devices"];
  readonly profile: MachineClaim | undefined;
}

/** What a client says of itself. */
export function helloOf(options: JoinOptions, { identity, challenge, runId, devices, profile }: SaidInHello): Hello {
  const { url, nickname, hosting, backend, threads, hostToken, helperToken, isForwardOnly } = options;
  const token = options.token ?? tokenIn(url);
  return {
    protocolVersion,
    ...identity.prove({ audience: new URL(url).host, challenge }),
    ...(runId === null ? {} : { runId }),
    ...(nickname === undefined ? {} : { nickname }),
    ...(token === null ? {} : { token: token.slice(0, limits.maxToken) }),
    ...hostingOf(hosting),
    ...(hostToken === undefined ? {} : { hostToken }),
    ...(helperToken === undefined ? {} : { helperToken }),
    devices,
    ...(profile === undefined ? {} : { profile }),
    ...(isForwardOnly === true ? { isForwardOnly: true as const } : {}),
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

/** Whether a run decides by what clients say of their machines. */
export function plansForClients({ strategy }: Pick<RunSettings, "strategy">): boolean {
  return looksAtMachines(strategy);
}

/** What hello depends on of a run. */
export interface AskedRun {
  readonly runId: string;
  /** Whether it plans for each client by what that claims of its machine. */
  readonly plans: boolean;
}

/**
 * The run that the coordinator holds, asked before hello so that hello lists that run's devices and says no more of the machine than it needs; null
 * when it does not say.
 */
export async function askRun(url: string, fetchJson: Fetch): Promise<AskedRun | null> {
  try {
    const answer: unknown = await (await fetchJson(new URL("run.json", coordinatorFolder(url)).href)).json();
    if (typeof answer !== "object" || answer === null || !("runId" in answer) || typeof answer.runId !== "string") return null;
    const settings = runSettingsSchema.safeParse("run" in answer ? answer.run : null);
    return { runId: answer.runId, plans: settings.success && plansForClients(settings.data) };
  } catch {
    return null;
  }
}
