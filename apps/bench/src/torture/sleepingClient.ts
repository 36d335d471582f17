import { joinAsClient, newClient } from "@tutti/server/testing";

// A client in its own process, which can be put to sleep: its arguments are the coordinator's address and its name.
const [url = "", name = ""] = process.argv.slice(2);
const client = joinAsClient({
  url,
  kept: newClient(name),
  onTask() {
    process.send?.("task");
    return true;
  },
});
void client.when("goodbye").then(() => process.exit(0));
process.on("disconnect", () => process.exit(0));
