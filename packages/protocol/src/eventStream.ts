/** An event of a stream of server-sent events. */
export interface StreamedEvent {
  readonly event: string;
  readonly data: string;
}

/** Takes a stream apart that comes in pieces. */
export interface EventReader {
  /** Events that are whole with this piece. Throws where one is larger than `maxEventChars`. */
  read(piece: string): readonly StreamedEvent[];
}

/** Of one event, far above what a feed holds. */
const maxEventChars = 32_000_000;

/** The text of an event; its data is one line of JSON. */
export function writeEvent(event: string, id: number, data: unknown): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Reads the fields `event` and `data` as browsers do (https://html.spec.whatwg.org/multipage/server-sent-events.html), and leaves out the others and comments. */
export function createEventReader(): EventReader {
  let rest = "";
  return {
    read(piece) {
      const text = rest + piece;
      const isCut = text.endsWith("\r"); // its line feed may be the next piece's first character
      const blocks = (isCut ? text.slice(0, -1) : text).replace(/\r\n?/g, "\n").split("\n\n");
      rest = (blocks.pop() ?? "") + (isCut ? "\r" : "");
      if (rest.length > maxEventChars) throw new Error(`an event of the feed is larger than ${maxEventChars} characters`);
      return blocks.flatMap(eventOf);
    },
  };
}

function eventOf(block: string): StreamedEvent[] {
  const fields = block.split("\n").map((line) => /^(event|data): ?(.*)$/s.exec(line));
  const valuesOf = (name: string) => fields.flatMap((field) => (field?.[1] === name ? [field[2] ?? ""] : []));
  const data = valuesOf("data");
  return data.length === 0 ? [] : [{ event: valuesOf("event").at(-1) ?? "message", data: data.join("\n") }];
}
