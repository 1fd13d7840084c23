import type { DestinationStream } from "pino";
import type { Logger } from "../contracts/logger.ts";
import { secretSettings, showable, showableConfig } from "./secrets.ts";
import type { Config } from "./settings.ts";

export type LogLevel = NonNullable<Config["LOG_LEVEL"]>;

/** How to log. */
export interface LoggerOptions {
  /** Bound to every line. */
  readonly service: string;
  readonly level: LogLevel;
  /** `auto` is readable lines on a terminal and JSON lines elsewhere. */
  readonly format: Config["LOG_FORMAT"];
}

/**
 * The logger of a service. It writes to stderr, so that stdout holds results only, and at once, so that nothing is lost when the
 * program ends and nothing keeps it running.
 */
export async function createLogger({ service, level, format }: LoggerOptions): Promise<Logger> {
  const { pino } = await import("pino");
  const stderr = pino.destination({ dest: 2, sync: true });
  const isPretty = format === "pretty" || (format === "auto" && Boolean(process.stderr.isTTY));
  const options = {
    level,
    base: { service },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: pino.stdSerializers.errWithCause, config: showIfObject },
    redact: {
      paths: [...secretSettings, "password"].flatMap((name) => [name, `*.${name}`]),
      censor: (value: unknown, path: string[]) => showable(path.at(-1) ?? "", value),
    },
  };
  const logger: Logger = pino(options, isPretty ? await readable(stderr) : stderr);
  return logger;
}

/** Whether a value can serve as the logger that an app brings along. */
export function isLogger(value: unknown): value is Logger {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return ["debug", "info", "warn", "error"].every((method) => typeof Reflect.get(value, method) === "function");
}

/** Turns each line into a readable one in this thread: a stream or a worker could lose the last ones at the end. */
async function readable(to: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import("pino-pretty");
  const prettify = prettyFactory({
    colorize: Boolean(process.stderr.isTTY) && !process.env.NO_COLOR,
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "service",
    singleLine: true,
    messageFormat: "[{service}] {msg}",
  });
  return { write: (line) => void to.write(prettify(line) ?? "") };
}

function showIfObject(value: unknown): unknown {
  return typeof value === "object" && value !== null ? showableConfig(value) : value;
}
