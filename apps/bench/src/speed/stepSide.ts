import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { deferred } from "@tutti/core";
import type { KernelTimes, OpenedSide, StepAnswer, StepOrder, StepSetup, TrainedOnce } from "./stepMessages.ts";

/** A process that holds one checkout's trainer, and works only when told to. */
export interface StepSide extends OpenedSide {
  train(deviceId: number, epochs: number): Promise<TrainedOnce>;
  optimiserDispatches(): Promise<number>;
  kernelTimes(deviceId: number): Promise<KernelTimes>;
  peakBytes(deviceId: number): Promise<number>;
  close(): void;
}

const childPath = fileURLToPath(new URL("./stepChild.ts", import.meta.url));

/** Starts a trainer on a checkout; with `env` Dawn finds its adapter. Rejects with what the process said where it cannot. */
export async function openSide(
  setup: StepSetup,
  { env = {}, signal }: { env?: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<StepSide> {
  signal.throwIfAborted();
  const child = fork(childPath, {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const close = () => void child.kill("SIGKILL");
  signal.addEventListener("abort", close, { once: true });
  child.once("exit", () => signal.removeEventListener("abort", close));
  const ask = <T>(order: StepOrder) => askChild<T>(child, order, signal);
  try {
    const opened = await ask<OpenedSide>({ kind: "open", setup });
    return {
      ...opened,
      train: (deviceId, epochs) => ask<TrainedOnce>({ kind: "train", deviceId, epochs }),
      optimiserDispatches: () => ask<number>({ kind: "optimiser" }),
      kernelTimes: (deviceId) => ask<KernelTimes>({ kind: "kernels", deviceId }),
      peakBytes: (deviceId) => ask<number>({ kind: "peak", deviceId }),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function askChild<T>(child: ChildProcess, order: StepOrder, signal: AbortSignal): Promise<T> {
  const answered = deferred<T>();
  const onMessage = (answer: StepAnswer) =>
    "error" in answer ? answered.reject(new Error(answer.error)) : answered.resolve(answer.value as T);
  const onExit = (code: number | null) =>
    answered.reject(signal.aborted ? signal.reason : new Error(`the measuring process ended with exit code ${code}`));
  child.once("message", onMessage).once("exit", onExit);
  try {
    child.send(order);
    return await answered.promise;
  } finally {
    child.off("message", onMessage).off("exit", onExit);
  }
}
