import type { FastifyRequest } from "fastify";
import type { CoordinatorConfig } from "../config.ts";
import { isLoopback, publicUrls } from "../entry/addresses.ts";
import { isBearer, tokenIn } from "../entry/tokens.ts";

/** Who may read /metrics beside this machine. */
export interface MetricsAccess {
  /** Whether this machine needs none of the tokens; not behind a proxy, whose visitors seem to come from this machine. */
  readonly isLocalOpen: boolean;
  readonly tokens: readonly string[];
}

/** Whether a request is this machine's own, or brings a token (P-107). */
export function mayReadMetrics({ headers, raw }: FastifyRequest, { isLocalOpen, tokens }: MetricsAccess): boolean {
  if (tokens.some((token) => isBearer(headers.authorization, token))) return true;
  const isForwarded = headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined || headers.via !== undefined;
  return isLocalOpen && !isForwarded && isLoopback((raw.socket.remoteAddress ?? "").replace(/^::ffff:/, ""));
}

/** Behind a proxy every visitor comes from this machine; where others may come by themselves, a token for them lies in the run's folder. */
export function metricsAccessOf({ host, publicUrl }: CoordinatorConfig, folder: string, controlToken: string): MetricsAccess {
  const isBehindProxy = publicUrls(publicUrl).length > 0;
  const isAlone = isLoopback(host) && !isBehindProxy;
  return { isLocalOpen: !isBehindProxy, tokens: isAlone ? [controlToken] : [controlToken, tokenIn(folder, "metrics.token")] };
}
