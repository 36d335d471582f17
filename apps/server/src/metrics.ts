import type { Status } from "@tutti/protocol";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { type TrafficTotals, trafficLabels } from "./http/wireMeter.ts";

/** What GET /metrics reads when it is asked. */
export interface MetricsSources {
  status(): Status;
  traffic(): TrafficTotals;
}

/** A coordinator's numbers in the format of Prometheus. */
export interface Metrics {
  refused(rule: string): void;
  stepClosed(stage: string, seconds: number): void;
  read(): Promise<{ contentType: string; text: string }>;
}

/** A registry of its own, so that two coordinators in one process do not mix. */
export function createMetrics({ status, traffic }: MetricsSources): Metrics {
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
  const gauges: [name: string, help: string, read: (status: Status) => number][] = [
    ["tutti_clients", "Connected clients", (now) => now.numConnected],
    ["tutti_clients_paused", "Paused clients", (now) => now.numPaused],
    ["tutti_devices", "Devices registered so far", (now) => now.numDevices],
    ["tutti_tasks_out", "Open tasks of the current step", (now) => now.tasksOut],
    ["tutti_tasks_in", "Tasks of the current step that are done", (now) => now.tasksIn],
    ["tutti_round", "Round within the stage", (now) => now.round],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(status()));
      },
    });
  }
  new Gauge({
    name: "tutti_wire_bytes",
    help: "Bytes on the wire, by purpose and direction",
    labelNames: ["purpose", "direction"],
    registers,
    collect() {
      const totals = traffic();
      for (const label of trafficLabels) {
        this.set({ purpose: label, direction: "up" }, totals[label].up);
        this.set({ purpose: label, direction: "down" }, totals[label].down);
      }
    },
  });
  return {
    refused: (rule) => refusals.inc({ rule }),
    stepClosed(stage, took) {
      steps.inc({ stage });
      seconds.inc({ stage }, took);
    },
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
