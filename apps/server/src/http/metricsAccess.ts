import type { FastifyRequest } from "fastify";
import { isLoopback } from "../entry/addresses.ts";
import { isBearer } from "../entry/tokens.ts";

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
