import type { Status } from "@tutti/protocol";
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
  read(status: Status, traffic: TrafficTotals, numSpectators: number): Promise<{ contentType: string; text: string }>;
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
    async read(status, traffic, numSpectators) {
      spectators.set(numSpectators);
      for (const { gauge, valueIn } of gauges) gauge.set(valueIn(status));
      for (const label of trafficLabels) {
        bytes.set({ purpose: label, direction: "up" }, traffic[label].up);
        bytes.set({ purpose: label, direction: "down" }, traffic[label].down);
      }
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** What a status says in one number each. */
function createGauges(registry: Registry): { readonly gauge: Gauge; valueIn(status: Status): number }[] {
  const gauges: [name: string, help: string, valueIn: (status: Status) => number][] = [
    ["tutti_clients", "Connected clients", (now) => now.numConnected],
    ["tutti_clients_paused", "Paused clients", (now) => now.numPaused],
    ["tutti_devices", "Devices registered so far", (now) => now.numDevices],
    ["tutti_tasks_out", "Open tasks of the current step", (now) => now.tasksOut],
    ["tutti_tasks_in", "Tasks of the current step that are done", (now) => now.tasksIn],
    ["tutti_round", "Round within the stage", (now) => now.round],
  ];
  return gauges.map(([name, help, valueIn]) => ({ gauge: new Gauge({ name, help, registers: [registry] }), valueIn }));
}
