import type { CoordinatorConfig } from "../config.ts";
import { lanAddresses } from "../http/certificate.ts";
import { isUnspecified, publicUrls } from "./addresses.ts";

/** Where a coordinator listens. */
export interface Listening {
  /** For this machine. */
  readonly url: string;
  readonly port: number;
  /** Where plain http is served beside https; null for nowhere. */
  readonly plainPort: number | null;
  /** SHA-256 of a certificate that this machine made; null where there is none. */
  readonly fingerprint: string | null;
}

/** The addresses that people are given, the first for this machine unless there are public ones. */
export function printedAddresses(
  { host, publicUrl }: Pick<CoordinatorConfig, "host" | "publicUrl">,
  { url, port }: Pick<Listening, "url" | "port">,
): readonly string[] {
  const scheme = url.slice(0, url.indexOf(":"));
  const others = isUnspecified(host) ? lanAddresses() : [];
  return [
    ...publicUrls(publicUrl),
    url,
    ...others.map((address) => `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`),
  ];
}

/** The stage with what lets its reader operate the run, for this machine. */
export function operatorLink(address: string, token: string): string {
  return `${new URL("stage", new URL(address)).href}#operator=${encodeURIComponent(token)}`;
}

/** An address with what lets its reader in: behind #, where browsers send it to nobody. */
export function linkTo(address: string, token: string | null): string {
  return token === null ? address : `${new URL(address).href}#token=${encodeURIComponent(token)}`;
}
