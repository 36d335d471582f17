import type { RoundEvent } from "@tutti/core";

/** Tells of a round loop's events in their order, of a step that is closed once the next step's tasks have left. */
export interface Telling {
  tell(event: RoundEvent): void;
  /** Tells now of what is still to be told. */
  flush(): void;
}

/** What waits for the tasks: while clients have none, nothing is done here that they do not wait for. */
const betweenSteps: ReadonlySet<RoundEvent["kind"]> = new Set(["closed", "planned"]);

/** Nothing waits to be told at first. `defer` runs what it is given when the present turn and the tasks that it sends are done. */
export function tellInTurn(onEvent: (event: RoundEvent) => void, defer: (act: () => void) => void): Telling {
  const untold: RoundEvent[] = [];

  function flush(): void {
    for (let event = untold.shift(); event !== undefined; event = untold.shift()) onEvent(event);
  }

  return {
    tell(event) {
      untold.push(event);
      if (event.kind === "planned") defer(flush);
      if (!betweenSteps.has(event.kind)) flush();
    },
    flush,
  };
}
