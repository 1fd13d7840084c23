type LogMethod = {
  (message: string): void;
  (fields: object, message: string): void;
};

/** Any logger with these four methods will do; pino's and console's do. */
export interface Logger {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}
