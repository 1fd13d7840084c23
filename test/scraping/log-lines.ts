import type { Logger } from "../../src/contracts/logger.ts";

/** A logger that keeps its lines, each as level, message and fields. */
export function logLines() {
  const lines: { level: keyof Logger; message: string; fields: object }[] = [];
  const at =
    (level: keyof Logger) =>
    (first: string | object, message?: string): void => {
      if (typeof first === "string") lines.push({ level, message: first, fields: {} });
      else lines.push({ level, message: message ?? "", fields: first });
    };
  const logger: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return {
    logger,
    lines,
    text: (level: keyof Logger) =>
      lines
        .filter((line) => line.level === level)
        .map((line) => line.message)
        .join("\n"),
  };
}
