/**
 * millrace: data pipelines for micro-services. Interchangeable storages behind strict interfaces.
 *
 * @module
 */
import "./system/node-version.ts";

// What goes wrong: one class for each kind, one code for each cause
export { type ErrorCode, errorCodes } from "./error-codes.ts";
export {
  ConfigError,
  ConflictError,
  CorruptDataError,
  type ErrorDetails,
  FidelityError,
  InvalidNameError,
  MillraceError,
  NotFoundError,
  SaveError,
  SchemaError,
  UnavailableError,
} from "./errors.ts";
