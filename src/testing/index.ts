/**
 * The conformance kit: every rule that a storage must keep, as plain `{ name, run }` checks for any test runner. And the crash
 * kit, which kills processes while they save.
 *
 * @module
 */
import "../system/node-version.ts";

export type { Check } from "./check.ts";
export { storageChecks } from "./conformance.ts";
export { type CrashOptions, type CrashReport, killSaves } from "./crash/kit.ts";
export type { OpenStorage, StopBy } from "./crash/request.ts";
export type { SaveKind } from "./crash/saves.ts";
