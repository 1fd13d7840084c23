import pino from "pino";
import type { Logger } from "../contracts/logger.ts";
import { redacted } from "./secrets.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/**
 * The logger of a service. It writes to stderr, so that stdout holds results only: readable lines on a terminal, JSON lines
 * elsewhere. It writes at once, so nothing is lost when the program ends, and keeps no program running.
 */
export async function createLogger(service: string, level: LogLevel): Promise<Logger> {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: pino.stdSerializers.errWithCause, config: redacted },
    redact: {
      paths: ["password", "*.password", "DB_PASSWORD", "*.DB_PASSWORD", "*.ARCTIC_SECRET_KEY"],
      censor: "[hidden]",
    },
  };
  if (!process.stderr.isTTY) {
    const logger: Logger = pino(options, pino.destination({ dest: 2, sync: true }));
    return logger;
  }
  const { default: pretty } = await import("pino-pretty");
  const colorize = !process.env.NO_COLOR;
  const logger: Logger = pino(
    options,
    pretty({ destination: 2, sync: true, colorize, ignore: "pid,hostname,service" }),
  );
  return logger;
}

/** Whether a value can serve as the logger that an app brings along. */
export function isLogger(value: unknown): value is Logger {
  if (typeof value !== "object" || value === null) return false;
  return ["debug", "info", "warn", "error"].every((method) => typeof Reflect.get(value, method) === "function");
}
