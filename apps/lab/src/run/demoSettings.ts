import { basename, dirname, resolve } from "node:path";
import { followed, presets, type RunSettings } from "@tutti/core";
import { findTask, type TaskDefinition, tasks } from "@tutti/data";
import type { KernelChoice } from "@tutti/model";
import { ConfigError, mergeDeep } from "@tutti/server";
import type { BackendChoice } from "../drive/clients.ts";
import { taskDefaults } from "../experiment/taskDefaults.ts";
import { type DemoSystem, type DemoSystemName, demoSystems } from "./systems.ts";

/** What can be chosen for a demo's run; what is left out comes from the preset `demo`. */
export interface DemoSettings {
  readonly devices?: number | undefined;
  readonly rounds?: number | undefined;
  /** A task's name; `topic` and `sentiment` are those of the built-in feedback. */
  readonly task?: string | undefined;
  /** The name of a folder among the public folder's backbones; by default one that can do the task. */
  readonly backbone?: string | undefined;
  readonly backend?: BackendChoice | undefined;
  /** `plain` turns the tabs' fast kernels off, for comparison. */
  readonly kernels?: KernelChoice | undefined;
  readonly alpha?: number | undefined;
  readonly seed?: number | undefined;
  /** Instead of FedPepTAO. */
  readonly system?: DemoSystemName | undefined;
}

/** What was asked for, not chosen for speed, may take so much longer than the preset's deadline allows. */
const slowDeadlineFactor = 20;

/** The preset `demo` with what was chosen laid over it. A task, backbone, backend or kernels of its own are given more time. */
export function demoSettings(chosen: DemoSettings): RunSettings {
  const { system } = chosen;
  if (system === undefined) return presetWith(chosen);
  const shown: DemoSystem = demoSystems[system];
  return shown.settings(presetWith({ ...chosen, devices: chosen.devices ?? shown.devices, rounds: chosen.rounds ?? shown.rounds }), chosen);
}

function presetWith({ devices, rounds, task, backbone, alpha, seed, backend, kernels }: DemoSettings): RunSettings {
  const preset = presets.demo;
  const numDevices = devices ?? preset.numDevices;
  const learnt = taskNamed(task ?? preset.task);
  const base = mergeDeep(preset, taskDefaults(learnt)) as RunSettings;
  const settings: RunSettings = {
    ...base,
    task: learnt.name,
    backbone: backbone ?? base.backbone,
    numDevices,
    ...followed({ numDevices }, preset, () => false),
    numRounds: rounds ?? preset.numRounds,
    seed: seed ?? preset.seed,
    partition: alpha === undefined ? base.partition : { kind: "dirichletLabel", dirichletAlpha: alpha },
  };
  const isOther = settings.backbone !== preset.backbone || findTask(settings.task).dataset !== findTask(preset.task).dataset;
  const isSlow = isOther || backend === "webgpu" || backend === "cpu" || kernels === "plain";
  return isSlow && preset.deadlineMs !== null ? { ...settings, deadlineMs: slowDeadlineFactor * preset.deadlineMs } : settings;
}

/** The task of a name, from which the data set may be left out where one built-in task has the rest. Throws a ConfigError that lists the tasks there are. */
export function taskNamed(name: string): TaskDefinition {
  const ending = tasks.filter((task) => task.name.endsWith(`/${name}`));
  try {
    return findTask(name);
  } catch (cause) {
    const [task] = ending;
    if (task !== undefined && ending.length === 1) return task;
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The name of a backbone, which may be given as its folder among the public folder's backbones. */
export function backboneNamed(given: string, publicDir: string): string {
  return dirname(resolve(given)) === resolve(publicDir, "backbones") ? basename(resolve(given)) : given;
}
