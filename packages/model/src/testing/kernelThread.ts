import { parentPort } from "node:worker_threads";
import { becomeThread } from "../kernels/wasm/threads/serve.ts";

// A thread of the WASM kernels in Node: the port to whom it works for comes as its first message.
parentPort?.once("message", becomeThread);
