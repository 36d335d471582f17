import { once } from "node:events";
import { startThread } from "@tutti/data/node";
import { type BenchRow, row } from "../rows.ts";
import { type MergeResult, type MergeWork, measureMerging } from "./mergeWork.ts";

/** q, k, v and o of twelve layers as wide as GPT-2's. */
const gpt2 = { numMatrices: 48, size: 768 };

/** Ten clients, the sum of their ranks 90. */
const ten = [4, 4, 8, 8, 8, 8, 8, 10, 16, 16];

const hundred = Array.from({ length: 100 }, (_, client) => [4, 8, 8, 16][client % 4] ?? 8);

/** Merging changes of mixed ranks: all of them exactly, and those of many clients by random draws in a thread. */
export async function mergeRows(): Promise<BenchRow[]> {
  const exact = measureMerging({ ...gpt2, ranks: ten, isByDraws: false });
  const drawn = await measureInThread({ ...gpt2, ranks: hundred, isByDraws: true });
  return [
    { ...row("merge 10 clients, ranks 90 in all, on 48 matrices of 768 × 768", exact.seconds, "s", { atMost: 5 }), note: noteOf(exact) },
    {
      ...row("merge 100 clients by random draws, the same matrices, in a thread", drawn.seconds, "s", { atMost: 60 }),
      note: noteOf(drawn),
    },
  ];
}

async function measureInThread(work: MergeWork): Promise<MergeResult> {
  const thread = startThread(import.meta.url, "mergeThread", work);
  const [result] = (await once(thread, "message")) as [MergeResult]; // rejects where the thread fails
  return result;
}

function noteOf({ worstError }: MergeResult): string {
  return `cut to rank 16; relative error at most ${worstError.toPrecision(3)}`;
}
