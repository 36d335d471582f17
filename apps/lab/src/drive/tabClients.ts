import { resolve } from "node:path";
import { coordinatorFolder } from "@tutti/client";
import type { Clients, JoinTarget } from "./clients.ts";
import { findProcesses, processorSecondsOf } from "./processorTime.ts";
import { createTabs, type TabOptions } from "./tabs.ts";

/** The address at which a tab joins by itself. */
export function tabAddress({ url, backend, threads, kernels, machine }: Omit<JoinTarget, "runId" | "folder">): string {
  const simulated =
    machine === undefined ? "" : `&machine=${[machine.flopsPerSecond, machine.memoryBytes, machine.bytesPerSecond].join(",")}`;
  return `${coordinatorFolder(url)}?auto=1&backend=${backend}&threads=${threads}${kernels === "plain" ? "&kernels=plain" : ""}${simulated}${new URL(url).hash}`;
}

/** Tabs of real browsers, each with a profile that stays on disk. */
export function openTabClients(count: number, options: TabOptions): Clients {
  const tabs = createTabs(options);
  const opened = new Set<number>();
  let roots: readonly number[] = [];
  return {
    kind: "tabs",
    count,
    warmUp(numTabs) {
      for (let index = 0; index < numTabs; index++) tabs.launch(index);
    },
    async join(index, target) {
      // what this tab fetched in another run, the same bits as here perhaps, must not make this one look cheaper
      await tabs.open(index, tabAddress(target), "emptied");
      opened.add(index);
      roots = [];
    },
    reload: (index) => tabs.reload(index),
    async failure() {
      for (const index of opened) {
        if ((await tabs.stateOf(index).catch(() => null)) !== "failed") continue;
        const text = await tabs.textOf(index).catch(() => null);
        return `tab ${index} cannot take part; its page says: ${(text ?? "nothing").slice(0, 500)}`;
      }
      return null;
    },
    processorSeconds() {
      if (roots.length < opened.size) {
        // browsers are given whole paths, whatever the folder was called
        const profiles = [...opened].map((index) => `--user-data-dir=${resolve(options.profilesFolder, String(index))} `);
        roots = findProcesses((line) => !line.includes("--type=") && profiles.some((profile) => `${line} `.includes(profile)));
      }
      return processorSecondsOf(roots);
    },
    close: () => tabs.close(),
  };
}
