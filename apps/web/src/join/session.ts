export { joinRun } from "@tutti/client";
