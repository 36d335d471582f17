import { fork } from "node:child_process";
import { scriptBeside } from "@tutti/data/node";
import type { ExperimentResult } from "@tutti/record";

/** What the rendering process is told. */
export interface RenderOrder {
  readonly result: ExperimentResult;
  readonly folder: string;
}

/** What it answers: null where the files are there, else why they are not. */
export interface RenderAnswer {
  readonly error: string | null;
}

/** A report takes seconds; a process that takes so much longer has come to nothing. */
const limitMs = 120_000;

/** Writes a run's three files in a separate process, so that this one is never held up; rejects with the reason where that fails. */
export function renderInChild(result: ExperimentResult, folder: string): Promise<void> {
  const { path, execArgv } = scriptBeside(import.meta.url, "renderChild");
  const child = fork(path, {
    execArgv: [...execArgv],
    serialization: "advanced", // JSON has no NaN
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    detached: true, // Ctrl-C is this process's: the last report is still written
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the report was not written within ${limitMs / 1000} s`));
    }, limitMs);
    child.once("message", ({ error }: RenderAnswer) => (error === null ? resolve() : reject(new Error(error))));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the process that writes the report ended with ${signal ?? code} before it was done`));
    });
    const order: RenderOrder = { result, folder };
    child.send(order, (error) => error !== null && reject(error));
  });
}
