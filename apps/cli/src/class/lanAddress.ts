import { createSocket } from "node:dgram";
import { lanAddresses } from "@tutti/server";

/** An address of this machine that others of its network reach, or null where it is in none: that of the interface with the default route. */
export async function lanAddress(
  routed: () => Promise<string | null> = addressOfDefaultRoute,
  known = lanAddresses(),
): Promise<string | null> {
  const found = await routed();
  if (found !== null && known.includes(found)) return found;
  return known.find(isPrivate) ?? known.find((address) => !address.includes(":")) ?? known[0] ?? null;
}

/** Of a network that is reserved for documentation: nothing is sent there, the system only says by which of its addresses it would be. */
const farAway = { address: "198.51.100.1", port: 9 };

function addressOfDefaultRoute(): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (found: string | null): void => {
      socket.close();
      resolve(found);
    };
    socket.once("error", () => end(null));
    socket.connect(farAway.port, farAway.address, () => end(socket.address().address));
  });
}

function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
}
