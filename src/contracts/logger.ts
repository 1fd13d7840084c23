type LogMethod = {
  (message: string): void;
  (fields: object, message: string): void;
};

/** Any logger with these four methods will do; pino's and console's do. */
export interface Logger {
  /** What helps to find out why. */
  debug: LogMethod;
  /** What was done. */
  info: LogMethod;
  /** What someone should look at, though work goes on. */
  warn: LogMethod;
  /** What failed. */
  error: LogMethod;
}
