/** The tensor library's backends that a tab or Node process can start. */
export type BackendName = "webgpu" | "wasm" | "cpu";
