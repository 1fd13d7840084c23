import { between, definePipeline, notNull } from "millrace";

/** Takes over what was put into the inbox, if it holds. */
export default definePipeline({
  name: "prices",
  schedule: { every: "15m" },
  checks: { close: [notNull(), between(0, 10_000)] },
  copy: { from: "csv:inbox/prices", to: "csv:prices", key: ["day", "symbol"] },
});
