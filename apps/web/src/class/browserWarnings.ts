import type { RunInfo } from "@tutti/protocol";

/** Browsers by what they say of a certificate that they do not know. */
export const warners = ["chrome", "safari", "firefox"] as const;

/** A browser that warns in its own words. */
export type Warner = (typeof warners)[number];

/** Whose words this browser uses; Edge, Opera and Samsung's use Chrome's, and on an iPhone every browser uses Safari's. */
export function browserOf(userAgent: string): Warner {
  if (/iPhone|iPad|iPod/.test(userAgent)) return "safari";
  if (/Firefox\//.test(userAgent)) return "firefox";
  return /Chrom(e|ium)\//.test(userAgent) ? "chrome" : "safari";
}

/** Where one goes on from the page about the certificate. */
export interface WaysOn {
  /** The join page over https. */
  readonly secure: string;
  /** The join page over plain http; null where none is offered. */
  readonly plain: string | null;
  /** Whether this page has come over https, past the warning. */
  readonly isPast: boolean;
}

/** The two ways on, which carry what lets this browser in. */
export function waysOn(
  { protocol, hostname, search, hash }: Pick<Location, "protocol" | "hostname" | "search" | "hash">,
  folder: string,
  trust: RunInfo["trust"] | null,
): WaysOn {
  const { pathname } = new URL(folder);
  const at = (scheme: string, port: number) => `${scheme}//${hostname}:${port}${pathname}${search}${hash}`;
  const isPast = protocol === "https:";
  if (trust == null) return { secure: `${folder}${search}${hash}`, plain: null, isPast };
  const { port, plainPort } = trust;
  return { secure: at("https:", port), plain: plainPort === undefined ? null : at("http:", plainPort), isPast };
}

/** A fingerprint in lines of eight bytes, so that it can be compared by eye. */
export function fingerprintLines(sha256: string): string[] {
  const bytes = sha256.split(":");
  return [0, 8, 16, 24].map((from) => bytes.slice(from, from + 8).join(":"));
}
