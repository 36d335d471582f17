import { type Live, type LiveStatus, tileStates } from "@tutti/protocol";
import { type TrafficTotals, trafficLabels } from "@tutti/record";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** A coordinator's numbers in the format of Prometheus. */
export interface Metrics {
  refused(rule: string): void;
  /** A call came that is one of the protocol's, whether it may be made or not. */
  called(name: string): void;
  /** A connection was closed, or not taken. */
  closed(why: string): void;
  /** A lease that was not acknowledged is sent again. */
  resent(): void;
  /** From now on the connections are shown too; null for no bound. */
  observe(connections: { readonly open: () => number; readonly cap: number | null; readonly fileLimit: number | null }): void;
  stepClosed(stage: string, seconds: number): void;
  /** Everything that was counted, and these numbers of the present. */
  read(now: Present): Promise<{ contentType: string; text: string }>;
}

/** What metrics show of the present moment. */
export interface Present {
  readonly live: Live;
  readonly traffic: TrafficTotals;
  readonly numSpectators: number;
}

/** A registry of its own, so that two coordinators in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const refusals = new Counter({
    name: "tutti_refusals_total",
    help: "Refused calls, by rule of the protocol",
    labelNames: ["rule"],
    registers,
  });
  const steps = new Counter({ name: "tutti_steps_total", help: "Finished steps, by stage", labelNames: ["stage"], registers });
  const seconds = new Counter({
    name: "tutti_step_seconds_total",
    help: "Seconds of uptime in steps, by stage",
    labelNames: ["stage"],
    registers,
  });
  const called = new Counter({ name: "tutti_calls_total", help: "Calls that came, by name", labelNames: ["call"], registers });
  const closed = new Counter({
    name: "tutti_connections_closed_total",
    help: "Connections that were closed or not taken because of a limit, by reason",
    labelNames: ["reason"],
    registers,
  });
  const resent = new Counter({ name: "tutti_leases_resent_total", help: "Leases sent again that were not acknowledged", registers });
  const gauges = createGauges(registry);
  const ofRounds = createRoundGauges(registers);
  const spectators = new Gauge({ name: "tutti_spectators", help: "Sockets that watch without taking part", registers });
  const bytes = new Gauge({
    name: "tutti_wire_bytes",
    help: "Bytes on the wire, by purpose and direction",
    labelNames: ["purpose", "direction"],
    registers,
  });
  return {
    refused: (rule) => refusals.inc({ rule }),
    called: (call) => called.inc({ call }),
    closed: (reason) => closed.inc({ reason }),
    resent: () => resent.inc(),
    observe({ open, cap, fileLimit }) {
      const collect = (of: () => number) =>
        function (this: Gauge) {
          this.set(of());
        };
      new Gauge({ name: "tutti_connections", help: "Open connections", registers, collect: collect(open) });
      const bounds = [
        ["tutti_connections_max", "Most connections at once", cap],
        ["tutti_files_max", "Files that the process may open", fileLimit],
      ] as const;
      for (const [name, help, bound] of bounds) if (bound !== null) new Gauge({ name, help, registers }).set(bound);
    },
    stepClosed(stage, took) {
      steps.inc({ stage });
      seconds.inc({ stage }, took);
    },
    async read({ live, traffic, numSpectators }) {
      spectators.set(numSpectators);
      for (const { gauge, valueIn } of gauges) gauge.set(valueIn(live.status));
      ofRounds.set(live);
      for (const label of trafficLabels) {
        bytes.set({ purpose: label, direction: "up" }, traffic[label].up);
        bytes.set({ purpose: label, direction: "down" }, traffic[label].down);
      }
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** What a status says in one number each. */
function createGauges(registry: Registry): { readonly gauge: Gauge; valueIn(status: LiveStatus): number }[] {
  const gauges: [name: string, help: string, valueIn: (status: LiveStatus) => number][] = [
    ["tutti_clients", "Connected clients", (now) => now.numConnected],
    ["tutti_clients_paused", "Paused clients", (now) => now.numPaused],
    ["tutti_devices", "Devices registered so far", (now) => now.numDevices],
    ["tutti_tasks_out", "Open tasks of the current step", (now) => now.tasksOut],
    ["tutti_tasks_in", "Tasks of the current step that are done", (now) => now.tasksIn],
    ["tutti_round", "Round within the stage", (now) => now.round],
    ["tutti_rounds", "Rounds of the stage", (now) => now.numRounds],
  ];
  return gauges.map(([name, help, valueIn]) => ({ gauge: new Gauge({ name, help, registers: [registry] }), valueIn }));
}

/** Numbers of the latest rounds, and devices by what they do; all labels are the protocol's own words. */
function createRoundGauges(registers: Registry[]): { set(live: Live): void } {
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers });
  const evaluated = ["protocol", "split"];
  const states = gauge("tutti_device_states", "Devices in each state", ["state"]);
  const accuracy = gauge("tutti_accuracy", "Accuracy of the latest evaluation, by protocol and split", evaluated);
  const loss = gauge("tutti_loss", "Loss of the latest evaluation, by protocol and split", evaluated);
  const texts = gauge("tutti_evaluated_texts", "Texts that the latest evaluation is of, by protocol and split", evaluated);
  const trainLoss = gauge("tutti_train_loss", "Mean training loss of the latest round that trained");
  const bytes = gauge("tutti_round_bytes", "Bytes of the latest round without its evaluation, by direction", ["direction"]);
  const drift = gauge("tutti_drift", "How far the devices of the latest round moved apart");
  return {
    set({ devices, rounds }) {
      for (const state of tileStates) states.set({ state }, devices.filter((tile) => tile.state === state).length);
      for (const { evaluations, ...round } of rounds) {
        if (round.trainLoss !== null) trainLoss.set(round.trainLoss);
        if (round.movement !== undefined) drift.set(round.movement.drift);
        for (const { protocol, split, loss: found, numExamples, ...scores } of evaluations) {
          if (scores.accuracy !== undefined) accuracy.set({ protocol, split }, scores.accuracy);
          if (numExamples !== undefined) texts.set({ protocol, split }, numExamples);
          loss.set({ protocol, split }, found);
        }
      }
      const last = rounds.at(-1);
      bytes.set({ direction: "up" }, last?.bytes.up ?? 0);
      bytes.set({ direction: "down" }, last?.bytes.down ?? 0);
    },
  };
}
