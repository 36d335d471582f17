import { resolve } from "node:path";
import { UsageError } from "../exitCodes.ts";

/** The address that somebody gave, checked; throws a UsageError with an example where it is none. */
export function coordinatorAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.hostname !== "") return url.href;
  throw new UsageError(
    `${text} is not a coordinator's address: expected one such as http://192.168.1.20:8080, which \`tutti serve\` prints`,
  );
}

/** Node takes certificates to trust from here, when it starts. */
const trusted = "NODE_EXTRA_CA_CERTS";

/** The environment in which Node trusts the certificates of a PEM file; null where this process does already. */
export function trusting(file: string): Readonly<Record<string, string>> | null {
  const path = resolve(file);
  return process.env[trusted] === path ? null : { [trusted]: path };
}
