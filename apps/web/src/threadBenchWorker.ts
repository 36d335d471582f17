import "./noEval.ts";
import { type ThreadedStep, threadSteps } from "@tutti/model/threadBench";

/** The first message, with a port for each thread beside the worker's own. */
export interface ThreadBenchStart {
  readonly wasmPath: string;
}

// the first message starts the backend, every other one asks for a step
let steps: Awaited<ReturnType<typeof threadSteps>> | null = null;
addEventListener("message", async ({ data, ports }: MessageEvent<ThreadBenchStart | ThreadedStep>) => {
  if (typeof data === "object") steps = await threadSteps(ports, data.wasmPath);
  postMessage(typeof data === "object" ? steps?.threads : await steps?.step(data));
});
