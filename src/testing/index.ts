/**
 * The conformance kit: every rule that a storage must keep, as plain `{ name, run }` checks for any test runner.
 *
 * @module
 */
export type { Check } from "./check.ts";
export { storageChecks } from "./conformance.ts";
