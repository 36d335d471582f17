import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { builtProgram } from "@tutti/server/testing";

/** What a process of devices is told. */
export interface DeviceProcessConfig {
  readonly url: string;
  readonly clientKey: string;
  /** Of its folder store. */
  readonly folder: string;
  /** Stands still once its pending submission of this number, from 1, is on disk: nothing of it is sent. */
  readonly holdAfterPending?: number;
}

/** What a process of devices reports. */
export type DeviceProcessMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "decision"; readonly deviceId: number; readonly decision: string }
  | { readonly kind: "performed"; readonly work: string }
  | { readonly kind: "started"; readonly taskId: string }
  | { readonly kind: "ended"; readonly taskId: string; readonly outcome: string }
  | { readonly kind: "holding"; readonly taskId: string }
  | { readonly kind: "problem"; readonly message: string }
  | { readonly kind: "over"; readonly reason: string };

/** Real devices in their own process. */
export interface DeviceProcess {
  readonly messages: readonly DeviceProcessMessage[];
  /** Resolves with the first message, past or future, of this kind; rejects when the process ends before. */
  when<K extends DeviceProcessMessage["kind"]>(kind: K): Promise<DeviceProcessMessage & { kind: K }>;
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>;
}

const childPath = fileURLToPath(new URL("./deviceChild.ts", import.meta.url));

/** Starts a client with a real trainer on the CPU backend and a folder store. */
export async function startDevices(config: DeviceProcessConfig): Promise<DeviceProcess> {
  const program = await builtProgram(childPath);
  const messages: DeviceProcessMessage[] = [];
  const waiting = new Set<() => void>();
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, TUTTI_DEVICES: JSON.stringify(config) },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve())).then(() => {
    hasEnded = true;
    for (const check of [...waiting]) check();
  });
  child.on("message", (message: DeviceProcessMessage) => {
    messages.push(message);
    for (const check of [...waiting]) check();
  });
  return {
    messages,
    when(kind) {
      return new Promise((resolve, reject) => {
        const check = () => {
          const found = messages.find((message): message is DeviceProcessMessage & { kind: typeof kind } => message.kind === kind);
          if (found === undefined && !hasEnded) return;
          waiting.delete(check);
          if (found === undefined) reject(new Error(`the devices' process ended before it said "${kind}"`));
          else resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
