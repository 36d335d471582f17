import { Decoder, Encoder } from "socket.io-parser";

/** An event packet up to its payload: type, attachments, namespace, id of the acknowledgement. */
const eventHead = /^(?:2|5\d+-)(?:\/[^,]*,)?\d*(?=\[)/;
/** Names that socket.io keeps for itself. */
const reserved = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
/** The usual case: the name is a string that is free for events and written without a backslash, or a number. */
const isNamed = new RegExp(`^\\[\\s*(?:"(?!(?:${reserved.join("|")})")[^"\\\\]*"|-?\\d)`);

/**
 * The packet with a name for an event that has none, or one that socket.io keeps for itself. Its parser would close the socket without an answer;
 * this way the event arrives, and is refused like any other that nobody serves (P-4).
 */
export function withEventName(packet: string): string {
  const head = eventHead.exec(packet)?.[0];
  if (head === undefined) return packet;
  const payload = packet.slice(head.length);
  if (isNamed.test(payload)) return packet;
  try {
    const [name]: unknown[] = JSON.parse(payload);
    if (typeof name === "string" && !reserved.includes(name)) return packet;
    const shown = typeof name === "string" ? `${name} (reserved)` : `${name === null ? "null" : typeof name} instead of a name`;
    return head + JSON.stringify([shown]); // whatever comes with it is refused unread
  } catch {
    return packet; // no JSON: the parser says so
  }
}

class NamingDecoder extends Decoder {
  override add(packet: unknown): void {
    super.add(typeof packet === "string" ? withEventName(packet) : packet);
  }
}

/** socket.io's parser, but for events without a name. */
export const packetParser = { Encoder, Decoder: NamingDecoder };
