import { writeRunReport } from "./files.ts";
import type { RenderAnswer, RenderOrder } from "./renderInChild.ts";

const answer = (message: RenderAnswer) => process.send?.(message, () => process.exit(0));

process.once("disconnect", () => process.exit(0));
process.once("message", ({ result, folder }: RenderOrder) => {
  writeRunReport(result, folder).then(
    () => answer({ error: null }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});
