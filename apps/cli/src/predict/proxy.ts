import type { Params, RunSettings } from "@tutti/core";
import { requireTextTask, type TaskDefinition } from "@tutti/data";
import { createProxyPredictor, startBackend } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";
import { UsageError } from "../exitCodes.ts";
import { exampleOf } from "./textTask.ts";

/** What is asked of a proxy-tuned large model. */
interface ProxyAsked {
  readonly task: TaskDefinition;
  readonly settings: RunSettings;
  readonly params: Params;
  readonly lines: readonly string[];
  readonly split?: string;
  readonly a: number;
  readonly maxTokens: number;
  readonly backend: "wasm" | "cpu";
  readonly json?: boolean;
  folderOf(backbone: string): Promise<string>;
}

/** Prints the proxy-tuned large model's answer to each text. */
export async function predictByProxy({ settings, params, lines, a, json = false, maxTokens, ...asked }: ProxyAsked): Promise<void> {
  const { large: name } = settings.strategy as { readonly large?: unknown };
  if (typeof name !== "string") {
    throw new UsageError("--proxy needs a run with a large model, as the strategy fedPt has one: leave it out to ask the tuned model");
  }
  if (asked.split !== undefined) throw new UsageError("--proxy and --split exclude each other: give texts");
  const task = requireTextTask(asked.task, "--proxy");
  await startBackend(asked.backend);
  const [large, small] = await Promise.all(
    [name, settings.backbone].map(async (backbone) => loadBackboneFolder(await asked.folderOf(backbone))),
  );
  if (large === undefined || small === undefined) throw new Error("two backbones were asked for");
  const predictor = await createProxyPredictor({ large, small, run: settings, params }, a);
  try {
    for (const text of lines) {
      const answer = await predictor.answer(exampleOf(task, text), { of: "proxy", maxNewTokens: maxTokens });
      console.log(json ? JSON.stringify({ text, answer }) : `${text}\n  ${answer}\n`);
    }
  } finally {
    predictor.dispose();
  }
}
