import { type RefusalKind, refusalKindSchema } from "@tutti/protocol";

/** What the coordinator answered when it was asked for the tuned parameters. */
export type TunedAnswer =
  | { readonly kind: "file"; readonly file: Uint8Array; readonly etag: string }
  /** Nothing is tuned yet. */
  | { readonly kind: "none" }
  /** The run's code word is missing or wrong. */
  | { readonly kind: "locked"; readonly isLater: boolean; readonly why: RefusalKind | null }
  | { readonly kind: "silent" };

/** What there is now, without its bytes. */
export type TunedNews = { readonly kind: "there"; readonly etag: string; readonly round: number } | { readonly kind: "none" };

const file = "tuned.safetensors";

/** The address of a run's tuned parameters. */
export function tunedAddress(folder: string): string {
  return new URL(file, folder).href;
}

/** Fetches the tuned parameters of the run whose pages lie in `folder` (P-185); the token goes with the request, never into the address. */
export async function fetchTuned(folder: string, token: string | null): Promise<TunedAnswer> {
  const response = await fetch(tunedAddress(folder), { ...bearer(token), cache: "no-cache" }).catch(() => null);
  if (response === null) return { kind: "silent" };
  if (response.status === 401 || response.status === 429)
    return { kind: "locked", isLater: response.status === 429, why: whyIn(await response.json().catch(() => null)) };
  if (response.status === 204) return { kind: "none" };
  if (!response.ok) return { kind: "silent" };
  return { kind: "file", file: new Uint8Array(await response.arrayBuffer()), etag: response.headers.get("etag") ?? "" };
}

function whyIn(answer: unknown): RefusalKind | null {
  if (typeof answer !== "object" || answer === null || !("why" in answer)) return null;
  return refusalKindSchema.safeParse(answer.why).data ?? null;
}

/** Asks whether there are newer ones; null where nobody answers. */
export async function askForNewer(folder: string, token: string | null): Promise<TunedNews | null> {
  const response = await fetch(tunedAddress(folder), { ...bearer(token), method: "HEAD", cache: "no-store" }).catch(() => null);
  if (response === null || !response.ok) return null;
  if (response.status === 204) return { kind: "none" };
  return { kind: "there", etag: response.headers.get("etag") ?? "", round: Number(response.headers.get("x-tutti-round") ?? 0) };
}

/** What a request for them brings; a word may have letters that no header has, which are percent-encoded. */
export function bearer(token: string | null): RequestInit {
  return token === null ? {} : { headers: { authorization: `Bearer ${encodeURIComponent(token)}` } };
}
