import type { Refused } from "@tutti/protocol";
import { CannotTakePart } from "./loader.ts";

/** The coordinator does not let this client in. */
export function notAdmitted({ rule, message, why }: Refused): CannotTakePart {
  const kind = { kind: "notAdmitted", rule, message, ...(why === undefined ? {} : { why }) } as const;
  return new CannotTakePart(`The coordinator does not let you in (${rule}: ${message}).`, kind);
}
