// Converts a random checkpoint of a known shape and prints its sizes and the most memory it took, one line of JSON per encoding:
//   node scripts/measure-conversion.mjs gpt2-2gb int8
//   node scripts/measure-conversion.mjs llama-1.1b            (every encoding)
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "./register-typescript.mjs";

const { measureConversions } = await import("../packages/model/src/testing/measureConversion.ts");
const { checkpointShapes } = await import("../packages/model/src/testing/randomCheckpoint.ts");
const { tensorEncodings } = await import("../packages/core/src/packing/pack.ts");

const [shape, ...encodings] = process.argv.slice(2);
if (!Object.hasOwn(checkpointShapes, shape ?? "") || encodings.some((encoding) => !tensorEncodings.includes(encoding))) {
  console.error(`usage: node scripts/measure-conversion.mjs <${Object.keys(checkpointShapes).join("|")}> [${tensorEncodings.join("|")}]…`);
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), "tutti-measure-"));
for await (const measure of measureConversions(folder, shape, encodings.length === 0 ? tensorEncodings : encodings)) {
  console.log(JSON.stringify(measure));
}
