import { becomeThread } from "@tutti/model/kernelThread";

// The page's first message brings the port to the training worker.
addEventListener("message", ({ ports: [port] }) => {
  if (port !== undefined) becomeThread(port);
});
