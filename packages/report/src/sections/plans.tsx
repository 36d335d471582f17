/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import type { RunRecord } from "@tutti/record";
import { Remarks, Table } from "../elements.tsx";
import { planLines } from "../runTable.ts";
import { plansCaption, plansNotes } from "../sentences/plans.ts";
import { runHeads } from "../words.ts";

/** What each client claimed of its machine and what was planned for it. */
export function RunPlanSection({ run }: { readonly run: RunRecord }) {
  return (
    <>
      <Table caption={plansCaption(run)} head={runHeads.plans} lines={planLines(run).map((cells) => ({ cells }))} />
      <Remarks texts={plansNotes} />
    </>
  );
}
