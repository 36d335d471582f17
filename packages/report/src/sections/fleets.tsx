/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { type ExperimentResult, fleetTables, type Grid } from "@tutti/record";
import { List, Remarks, Table } from "../elements.tsx";
import { fleetHead, fleetLines, sizeLines } from "../fleetTable.ts";
import { fleetCaption, fleetNotes } from "../sentences/plans.ts";

/** What each method costs a round on the machines of each fleet. */
export function FleetSection({ result, grid }: { readonly result: ExperimentResult; readonly grid: Grid }) {
  const grown = sizeLines(result.runs);
  return (
    <>
      {fleetTables(grid).map(({ column, costs }) => (
        <Table
          key={column.key}
          caption={fleetCaption(column.label)}
          head={fleetHead(costs)}
          lines={fleetLines(costs).map((cells) => ({ cells }))}
        />
      ))}
      <Remarks texts={fleetNotes} />
      {grown.length === 0 ? null : <List sentences={grown} />}
    </>
  );
}
