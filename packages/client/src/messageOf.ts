import { limits } from "@tutti/protocol";

/** What an error says, as long as the protocol lets a reason be. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message === "" ? "unknown reason" : message).slice(0, limits.maxReason);
}
