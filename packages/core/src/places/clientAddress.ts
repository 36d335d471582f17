/** What a server sees of where a connection comes from. */
export interface SeenAddress {
  /** The other end of the connection: a client, or the last proxy. */
  readonly remote: string;
  /** The header X-Forwarded-For as it arrived, to which each proxy adds whom it was reached by; anybody may begin it with anything. */
  readonly forwardedFor: string | null;
}

/**
 * The address of a client behind `numHops` proxies that are trusted: each tells the address it was reached by, the last one through the connection itself.
 * What stands before them in the header is a claim and is never looked at. With fewer entries than proxies, the farthest that was told.
 */
export function clientAddress({ remote, forwardedFor }: SeenAddress, numHops: number): string {
  const told = (forwardedFor ?? "").split(",").map((entry) => entry.trim());
  const farther = numHops === 0 || forwardedFor === null ? [] : told.slice(-numHops);
  const sound: string[] = [];
  for (const entry of farther.reverse()) {
    const address = plainAddress(entry);
    if (address === null) break;
    sound.push(address);
  }
  return sound.at(-1) ?? plainAddress(remote) ?? remote;
}

/** The name under which an address is counted: itself, of IPv6 the network of /64 that one customer has; null on private networks, which are not counted. */
export function quotaAddress(address: string): string | null {
  const groups = parseV6(address);
  const v4 = parseV4(address);
  if (v4 !== null) return isPrivateV4(v4) ? null : v4.join(".");
  if (groups === null) return address;
  if (isPrivateV6(groups)) return null;
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** Without a port, brackets, a zone, or the prefix of an IPv4 address in IPv6; null for what is no address. */
function plainAddress(text: string): string | null {
  const bare = text
    .replace(/^\[([^\]]*)\](:\d+)?$/, "$1")
    .replace(/%.*$/, "")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1")
    .toLowerCase();
  const mapped = bare.replace(/^(::ffff:|0:0:0:0:0:ffff:)(?=\d+\.\d+\.\d+\.\d+$)/, "");
  return parseV4(mapped) === null && parseV6(mapped) === null ? null : mapped;
}

function parseV4(address: string): number[] | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return null;
  const bytes = address.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

/** Eight groups of 16 bits. */
function parseV6(address: string): number[] | null {
  const halves = address.split("::");
  if (!address.includes(":") || halves.length > 2) return null;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (!groups.flat().every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  const [head = [], tail = []] = groups;
  const numZeros = 8 - head.length - tail.length;
  if (halves.length === 1 ? numZeros !== 0 : numZeros < 1) return null;
  return [...head, ...new Array<string>(numZeros).fill("0"), ...tail].map((group) => Number.parseInt(group, 16));
}

/** Loopback, RFC 1918, link-local (RFC 3927). Addresses of carriers' shared networks (RFC 6598) reach a public server through their NAT only. */
function isPrivateV4([a = 0, b = 0]: readonly number[]): boolean {
  return a === 127 || a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254) || a === 0;
}

/** ::1, unique local fc00::/7 (RFC 4193), link-local fe80::/10. */
function isPrivateV6([first = 0, ...rest]: readonly number[]): boolean {
  const isLoopback = first === 0 && rest.every((group, i) => group === (i === rest.length - 1 ? 1 : 0));
  return isLoopback || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80;
}
