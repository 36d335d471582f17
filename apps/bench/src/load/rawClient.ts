import type { Socket } from "node:net";
import { clientIdentity, protocolVersion, type Submit, type TaskLease } from "@tutti/protocol";
import { openRawSocket } from "./rawSocket.ts";

/** A client of the benchmark: the protocol over a bare socket, so that a process holds thousands of them. */
export interface RawClient {
  readonly socket: Socket;
  close(): void;
}

/** Whom it joins, and as whom. */
export interface RawClientOptions {
  readonly port: number;
  readonly isTls: boolean;
  readonly index: number;
  /** `own` in an open roster. */
  readonly hosting: "own" | "virtual";
  /** The contribution to a task; without it tasks are acknowledged and left. */
  readonly work?: (lease: TaskLease) => Promise<Submit>;
}

/** Who says hello, and to whom. */
export interface RawHello extends Pick<RawClientOptions, "index" | "hosting" | "port"> {
  /** The socket's id, as socket.io told it: the text of its first packet. */
  readonly connected: string;
}

/** The first call of a client, as it travels. */
export function helloOf({ index, hosting, port, connected }: RawHello): object {
  const capabilities = { backend: "auto", threads: 1, isSecureContext: true, userAgent: "bench" };
  const own = hosting === "own" ? { ownExamples: 20 } : {};
  const challenge: string = JSON.parse(connected.slice(2)).sid;
  const proven = clientIdentity(`bench-${String(index).padStart(20, "0")}`).prove({ audience: `127.0.0.1:${port}`, challenge });
  return { protocolVersion, ...proven, hosting, ...own, devices: [], capabilities };
}

/** Joins as one client; resolves when what it hosts is registered. */
export function joinRaw(options: RawClientOptions): Promise<RawClient> {
  const { port, isTls, work } = options;
  return new Promise((resolve, reject) => {
    const { socket, say, sayBytes } = openRawSocket({ port, isTls, onText: (text) => onText(text) });
    let numCalls = 1;
    const submit = ({ tensors, ...rest }: Submit): void => {
      const id = ++numCalls;
      const named = tensors === undefined ? rest : { ...rest, tensors: { _placeholder: true, num: 0 } };
      say(`${tensors === undefined ? "42" : "451-"}${id}${JSON.stringify(["submit", named])}`);
      if (tensors !== undefined) sayBytes(tensors);
    };
    const register = (welcome: string): void => {
      const [{ ok, value, message }] = JSON.parse(welcome.slice(3));
      const devices = ok ? value.devices.map(({ deviceId }: { deviceId: number }) => ({ deviceId, numExamples: 20 })) : [];
      if (ok) say(`421${JSON.stringify(["register", { devices }])}`);
      else reject(new Error(message));
    };
    const onText = (text: string): void => {
      if (text === "2") say("3");
      else if (text.startsWith("0")) say("40");
      else if (text.startsWith("40")) say(`420${JSON.stringify(["hello", helloOf({ ...options, connected: text })])}`);
      else if (text.startsWith("430")) register(text);
      else if (text.startsWith("431")) resolve({ socket, close: () => socket.destroy() });
      else if (text.startsWith("43") && !text.includes('"ok":true'))
        socket.destroy(new Error(`a contribution was refused: ${text.slice(0, 300)}`));
      else answer(text);
    };
    const answer = (text: string): void => {
      const [, id, json] = /^42(\d+)(\["(?:task|assign|moved)".*)$/s.exec(text) ?? [];
      if (id === undefined || json === undefined) return;
      say(`43${id}[{"ok":true,"value":{}}]`);
      const [name, lease] = JSON.parse(json);
      if (name === "task" && work !== undefined) work(lease).then(submit, (error: unknown) => socket.destroy(error as Error));
    };
    socket.on("error", (error) => {
      reject(error);
      throw error;
    });
  });
}
