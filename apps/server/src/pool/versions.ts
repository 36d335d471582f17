import type { Decision } from "@tutti/protocol";

/** What a client says of a device in `hello`. */
export interface ClaimedVersion {
  readonly version: string | null;
  readonly pending: string | null;
}

/**
 * What a client does with a device's state (architecture.md, "Where a device lives").
 * `accepted` is the coordinator's last accepted task of the device; `isOpen` tells whether a task can still be submitted.
 */
export function decideVersion(claim: ClaimedVersion, accepted: string | null, isOpen: (taskId: string) => boolean): Decision {
  if (claim.pending !== null && claim.pending === accepted) return "promote";
  if (claim.version !== accepted) return "reset";
  return claim.pending === null || isOpen(claim.pending) ? "keep" : "drop";
}
