import type { IncomingMessage } from "node:http";
import { hostname } from "node:os";
import type { CoordinatorConfig } from "../config.ts";
import { lanAddresses } from "../http/certificate.ts";

/** Which addresses are this coordinator's, and which requests are its own pages' and clients' (P-101). */
export interface Addresses {
  /** Whether a host, with or without its port, is one of those that are printed or that `publicUrl` names. */
  isOwn(host: string | undefined): boolean;
  /** Why a request is refused for its Host header, or null. */
  refuseHost(request: IncomingMessage): string | null;
  /** Why a request is refused that only our pages and programs may make, or null. */
  refuse(request: IncomingMessage): string | null;
}

/** The addresses that follow from a configuration and from the machine's networks. */
export function createAddresses({ host, publicUrl }: Pick<CoordinatorConfig, "host" | "publicUrl">): Addresses {
  const isOpen = isUnspecified(host);
  const machine = hostname().toLowerCase();
  const published = publicUrls(publicUrl).map((url) => new URL(url));
  const known = new Set([
    "localhost",
    "[::1]",
    ...published.map((url) => url.hostname),
    ...(isOpen ? [machine, `${machine}.local`] : [bracketed(host.toLowerCase())]),
  ]);
  const networks = createNetworks();
  const origins = new Set(published.map(({ origin }) => origin));

  function isOwn(given: string | undefined): boolean {
    const name = hostnameOf(given);
    if (name === null) return false;
    return known.has(name) || isLoopback(name) || (isOpen && networks.has(name));
  }

  function refuseHost({ headers }: IncomingMessage): string | null {
    if (isOwn(headers.host)) return null;
    return `${shownHost(headers.host)} is not an address of this coordinator: use one that it printed, or start it with --public-url`;
  }

  return {
    isOwn,
    refuseHost,
    refuse(request) {
      const { origin, host: asked, "sec-fetch-site": site } = request.headers;
      if (origin === undefined) {
        if (site !== undefined && site !== "same-origin" && site !== "none") return "the request is another website's";
        return refuseHost(request);
      }
      if (origins.has(origin)) return refuseHost(request);
      if (URL.canParse(origin) && new URL(origin).host === asked) return refuseHost(request);
      return `the request comes from a page of ${shownHost(origin)}, which is not this coordinator's: behind a proxy, start it with --public-url`;
    },
  };
}

const lookEveryMs = 5000;

/** This machine's addresses in its networks, as they were a moment ago: a laptop moves. */
function createNetworks(): { has(name: string): boolean } {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let addresses: ReadonlySet<string> = new Set();
  return {
    has(name) {
      if (performance.now() - lookedAt > lookEveryMs) {
        lookedAt = performance.now();
        addresses = new Set(lanAddresses().map(bracketed));
      }
      return addresses.has(name);
    },
  };
}

/** The addresses that `publicUrl` gives, of which there may be several. */
export function publicUrls(publicUrl: string | readonly string[]): readonly string[] {
  return typeof publicUrl === "string" ? [publicUrl] : publicUrl;
}

/** Whether listening there lets all networks in. */
export function isUnspecified(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return ["localhost", "::1", "[::1]"].includes(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

/** As URLs have it: lower case, IPv6 in brackets; null for no host, and for what is more than one. */
function hostnameOf(host: string | undefined): string | null {
  if (host === undefined || !/^[A-Za-z0-9._:[\]-]+$/.test(host) || !URL.canParse(`http://${host}/`)) return null;
  return new URL(`http://${host}/`).hostname;
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function shownHost(text: string | undefined): string {
  return text === undefined ? "no host" : JSON.stringify(text.slice(0, 100));
}
