import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { UsageError } from "../exitCodes.ts";

interface AddFlags {
  readonly encoding: "f32" | "f16" | "int8";
  readonly name?: string;
  readonly source?: string;
  readonly licence: string;
  readonly out: string;
}

/** `tutti backbone add`: makes a checkpoint into a backbone that tabs can download. */
export function addBackbone(program: Command): void {
  const backbone = program.command("backbone").description("the frozen models that runs are built on");
  backbone
    .command("add")
    .description("convert a Hugging Face checkpoint folder into public/backbones/<name>")
    .argument("<folder>", "holds config.json, *.safetensors and tokenizer.json")
    .addOption(new Option("--encoding <name>", "how the matrices are stored").choices(["f32", "f16", "int8"]).default("int8"))
    .option("--name <name>", "the backbone's name (default: the folder's)")
    .option("--source <text>", "where the checkpoint comes from, written into the manifest")
    .option("--licence <text>", "its licence, written into the manifest", "unknown")
    .option("--out <folder>", "where backbones are kept", "public/backbones")
    .addHelpText(
      "after",
      `
Example:
  tutti backbone add ~/checkpoints/my-roberta --encoding int8 --name my-roberta`,
    )
    .action(add);
}

async function add(folder: string, flags: AddFlags): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found === null || !found.isDirectory())
    throw new UsageError(`${folder} is not a folder: give one that holds a Hugging Face checkpoint`);
  const { computeAdmission, startBackend } = await import("@tutti/model");
  const { addAdmission, convertBackbone } = await import("@tutti/model/node");
  const name = flags.name ?? basename(resolve(folder));
  const out = join(flags.out, name);
  const card = await readFile(join(folder, "README.md"), "utf8").catch(() => null);
  const { manifest, tensors } = await convertBackbone(folder, out, {
    name,
    encoding: flags.encoding,
    source: flags.source ?? name,
    licence: flags.licence,
    ...(card === null ? {} : { card }),
  });
  await startBackend("cpu");
  await addAdmission(out, computeAdmission);
  const worst = tensors.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  console.log(
    `${out}: ${manifest.config.family}, ${manifest.numParameters} parameters, ${manifest.numBytes} bytes in ${manifest.shards.length} shard${manifest.shards.length === 1 ? "" : "s"}`,
  );
  console.log(`Largest relative error of a tensor: ${worst.relativeError.toPrecision(2)} (${worst.name})`);
}
