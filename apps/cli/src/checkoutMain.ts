import { addBench } from "./commands/bench.ts";
import { addTorture } from "./commands/torture.ts";
import { createProgram } from "./program.ts";
import { runProgram } from "./runProgram.ts";

// benchmarks and torture are about the code of a checkout; what is installed has none of them
await runProgram(createProgram([addBench, addTorture]));
