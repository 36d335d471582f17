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

/**
 * Characters of a packet's text. What is large in a message is bytes, which come behind the text (P-55): JSON of the size that bytes may have would
 * fill the memory with the values that it makes.
 */
export const maxPacketText = 2_000_000;

class NamingDecoder extends Decoder {
  #hasJoined = false;

  override add(packet: unknown): void {
    if (typeof packet === "string" && packet.startsWith("0")) this.#join();
    super.add(typeof packet === "string" ? withEventName(shortened(packet)) : packet);
  }

  /** A connection joins once: socket.io would make a socket of each time that is asked for before the first is made, and each gets the status. */
  #join(): void {
    if (this.#hasJoined) throw new Error("the connection has joined already");
    this.#hasJoined = true;
  }
}

/** An event that is too long, without what it holds; it is refused like any other that nobody serves. */
function shortened(packet: string): string {
  if (packet.length <= maxPacketText) return packet;
  const head = eventHead.exec(packet.slice(0, 100))?.[0];
  if (head === undefined) throw new Error(`a packet of ${packet.length} characters, at most ${maxPacketText} are taken`);
  return head + JSON.stringify([`of ${packet.length} characters, at most ${maxPacketText}`]);
}

/** socket.io's parser, but for events without a name, texts that are too long and a connection that joins again. */
export const packetParser = { Encoder, Decoder: NamingDecoder };
