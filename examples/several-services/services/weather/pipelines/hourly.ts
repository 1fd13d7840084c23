import { between, definePipeline } from "millrace";

/** A reading that can't be true is put aside, and the others go on. */
export default definePipeline({
  name: "weather",
  schedule: { every: "1h" },
  checks: { celsius: [between(-60, 60)] },
  onFail: "quarantine",
  copy: { from: "csv:inbox/weather", to: "csv:weather" },
});
