import { datasetFolder } from "@tutti/data";
import type { DeviceSource, TrainerSetup } from "@tutti/model";
import type { Welcome } from "@tutti/protocol";
import { coordinatorFolder } from "./address.ts";
import type { Hosting, JoinOptions } from "./joinOptions.ts";

/** What a trainer needs to start: the run's choice where it has made one, else the client's. */
export function trainerSetup(welcome: Welcome, options: JoinOptions): TrainerSetup {
  const { url, backend, backendAskedBy = "client", threads, wasmPath, kernels, isForwardOnly } = options;
  const folder = coordinatorFolder(url);
  return {
    run: welcome.run,
    manifestUrl: new URL(welcome.urls.backbone, folder).href,
    datasetUrl: new URL(`${datasetFolder(welcome.run.task)}/`, new URL(welcome.urls.dataset, folder)).href,
    backend: welcome.backend ?? backend ?? "auto",
    askedBy: welcome.backend === undefined ? backendAskedBy : "run",
    threads: welcome.threads ?? threads ?? 0,
    wasmPath,
    kernels,
    isForwardOnly,
  };
}

/** Where the examples of a device that holds this share come from. */
export function sourceFor(hosting: Hosting | undefined, share: number): DeviceSource {
  return hosting?.kind === "own" ? hosting : { kind: "share", index: share };
}
