export type { BackendName } from "./backends.ts";
export type {
  Admission,
  DeviceSource,
  DeviceState,
  LoadProgress,
  StepProgress,
  Trainer,
  TrainerReady,
  TrainerResult,
  TrainerSetup,
  TrainerTask,
} from "./trainer.ts";
