import type { Logger } from "../../src/contracts/logger.ts";

/** A logger that keeps its warnings. */
export function listeningLogger(): Logger & { warnings: string[] } {
  const warnings: string[] = [];
  const quiet = () => {};
  const warn = (first: object | string, message?: string) =>
    void warnings.push(typeof first === "string" ? first : (message ?? ""));
  return { warnings, debug: quiet, info: quiet, warn, error: warn };
}
