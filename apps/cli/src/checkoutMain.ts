import { addBench } from "./commands/bench.ts";
import { createProgram } from "./program.ts";
import { runProgram } from "./runProgram.ts";

// benchmarks measure the code of a checkout; what is installed has none of them
await runProgram(createProgram([addBench]));
