import type { OrderInput } from "@tutti/protocol";
import { words } from "../../words/words.ts";
import type { Operator, OperatorView } from "./operatorState.ts";
import { Big } from "./runOrders.tsx";

interface PartProps {
  readonly view: OperatorView;
  readonly operator: Operator;
}

const lessons = ["skew", "drop", "poison"] as const;

type Lesson = (typeof lessons)[number];

const orders: Readonly<Record<Lesson, OrderInput>> = { skew: { kind: "skew" }, drop: { kind: "drop" }, poison: { kind: "poison" } };

/** Three things that go wrong in the field, on a button each. */
export function Lessons({ view, operator }: PartProps) {
  const { operator: w } = words;
  const inForce = view.orders?.inForce;
  const abouts = { skew: w.skewAbout, drop: w.dropAbout, poison: w.poisonAbout };
  return (
    <section aria-labelledby="operate-lessons">
      <h3 id="operate-lessons">{w.lessonsTitle}</h3>
      <p class="soft">{w.lessonsAbout}</p>
      <div class="orders">
        {lessons.map((lesson) => {
          const isOn = inForce?.[lesson] != null;
          return (
            <div key={lesson} class="lesson">
              <Big
                name={isOn ? w.actionOn(w.takeBack, w[lesson]) : w[lesson]}
                about={isOn ? sinceText(view, lesson) : abouts[lesson]}
                testId={`order-${lesson}`}
                isOn={isOn}
                isOff={view.status?.phase === "done"}
                onClick={() => operator.give(isOn ? { kind: "takeBack", what: lesson } : orders[lesson])}
              />
            </div>
          );
        })}
      </div>
    </section>
  );
}

/** Since when a lesson is on. */
function sinceText({ orders }: OperatorView, lesson: Lesson): string {
  const { operator: w, stageNames } = words;
  const event = orders?.events.findLast(({ order }) => order.kind === lesson);
  const from = event?.from ?? null;
  const since = from === null ? w.pending : w.from(stageNames[from.stage], from.round);
  return event?.poison === undefined ? since : `${since} ${w.poisonedNow(words.inForce.devices(event.poison.deviceIds))}`;
}
