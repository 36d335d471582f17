import { withKeptBack } from "@tutti/data";
import { useEffect } from "preact/hooks";
import { AddExample } from "../examples/addExample.tsx";
import { examplesIn, type OwnExamples } from "../examples/ownExamples.ts";
import type { LandingController } from "../join/controller.ts";
import { words } from "../words/words.ts";

interface GrowingExamplesProps {
  /** The table of the tab's examples, which typed ones join. */
  readonly table: OwnExamples;
  readonly classes: readonly string[];
  readonly isPair: boolean;
  /** Whether every fifth stays back to evaluate on. */
  readonly keepsBack: boolean;
  readonly controller: Pick<LandingController, "changeExamples">;
}

/** Somebody who types quickly changes the examples once for several texts. */
const afterMs = 600;

/** More examples while the tab trains: the next task has them. */
export function GrowingExamples({ table, classes, isPair, keepsBack, controller }: GrowingExamplesProps) {
  const rows = table.rows.value;
  useEffect(() => {
    const timer = setTimeout(() => rows.length > 0 && controller.changeExamples(examplesIn(rows)), afterMs);
    return () => clearTimeout(timer);
  }, [rows]);
  const { train, keptBack } = keepsBack ? withKeptBack(rows) : { train: rows, keptBack: [] };
  return (
    <section class="card growing" aria-labelledby="grow-title">
      <h2 id="grow-title">{words.classroom.growTitle}</h2>
      <p class="soft small">{words.classroom.growNote}</p>
      <AddExample table={table} classes={classes} isPair={isPair} />
      {keepsBack && (
        <p class="small" data-testid="typed-count">
          {words.classroom.typed(train.length, keptBack.length)}
        </p>
      )}
    </section>
  );
}
