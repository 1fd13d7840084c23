/** `node budget.ts <settings as JSON>`: a service whose pipeline copies csv:big into PostgreSQL. Tells its address, and what the run took. */
import { DataFactory, definePipeline, getConfigLogger } from "../../../src/index.ts";
import { serve } from "../../../src/service/serve.ts";

const { config, logger } = await getConfigLogger("budget", JSON.parse(process.argv[2] ?? "{}"));
const factory = new DataFactory({ config, logger });
const served = await serve({ factory, config, logger });
process.send?.({ url: served.url });
process.once("message", async () => {
  const copy = definePipeline({ name: "big", copy: { from: "csv:big", to: "postgres:big" } });
  const { state, rows, spent } = await copy.run({ factory, show: "none" });
  process.send?.({ state, rows, spent });
  await served[Symbol.asyncDispose]();
  await factory.close();
  process.disconnect?.();
});
