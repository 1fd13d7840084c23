/**
 * millrace: data pipelines for micro-services. Interchangeable storages behind strict interfaces.
 *
 * @module
 */
import "./system/node-version.ts";

// Start here: configuration and logger of a service, and the factory that picks storages by name
export { type ConfigLogger, getConfigLogger } from "./config/get-config-logger.ts";
export type { Origin } from "./config/level.ts";
export { originsOf } from "./config/load.ts";
export type { Config } from "./config/settings.ts";
export { DataFactory, type DataFactoryOptions } from "./factory/data-factory.ts";

// Frames: the table type of every storage, made from and turned into plain values exactly
export type { DeclaredSchema, FrameField, FrameSchema, TypeText } from "./contracts/frame-schema.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./contracts/standard-schema.ts";
export { type CompareOptions, compareFrames, type FrameDifference } from "./frame/compare.ts";
export { type Columns, frame, type Row, type RowStream } from "./frame/frame.ts";
export { frameSchema, type TypedSchema } from "./frame/frame-schema.ts";
export { type DataFrame, type LazyDataFrame, pl, type Series } from "./frame/polars.ts";
export { records } from "./frame/records.ts";
export type { NewRowOf, RowOf } from "./frame/row-types.ts";
export { type RowSource, rows } from "./frame/rows.ts";
export { schemaOf } from "./frame/schema.ts";
export type { RowSchema } from "./frame/validate.ts";

// Base classes of one's own components
export { Calculator, type CalculationRequest } from "./calculation/calculator.ts";
export type { CalculationReport } from "./calculation/report.ts";
export { BrowserScraper } from "./scraping/browser-scraper.ts";
export { type ScrapeOptions, Scraper } from "./scraping/scraper.ts";
export { type Page, source, type ScraperSource, type SourceDefinition } from "./scraping/source.ts";

// Scraping: how pages are read, and how they come one after the other
export { type DateFormat, parseDate } from "./scraping/dates.ts";
export { date, type Field, integer, link, number, percent, text, value } from "./scraping/fields.ts";
export type { Health } from "./scraping/gate/health.ts";
export { downloadSource } from "./scraping/kinds/download-source.ts";
export { feedSource } from "./scraping/kinds/feed-source.ts";
export { jsonSource } from "./scraping/kinds/json-source.ts";
export { sitemapLinks, sitemapSource } from "./scraping/kinds/sitemap-source.ts";
export { cursor, linkHeader, nextUrl, offset, pageNumber } from "./scraping/paging.ts";
export { tableRows } from "./scraping/tables.ts";
export { type NumberFormat, parseInteger, parseNumber, parsePercent } from "./scraping/values.ts";

// Contracts: what a component of one's own has to offer
export type { ICalculator } from "./contracts/calculator.ts";
export type { IDataBackup } from "./contracts/data-backup.ts";
export type { IDataSaver } from "./contracts/data-saver.ts";
export type { IDataSource } from "./contracts/data-source.ts";
export type { Logger } from "./contracts/logger.ts";
export type { ReadOptions } from "./contracts/read-options.ts";
export type { SaveMode, SaveOptions, SaveProgress } from "./contracts/save-options.ts";
export type { IScraper } from "./contracts/scraper.ts";
export type { Capabilities, IStorage } from "./contracts/storage.ts";

// Contracts: what the built-in storages offer besides
export type { IBatchSaver, IBatchSource } from "./contracts/batches.ts";
export type { IDelete } from "./contracts/delete.ts";
export type { FrameDescription, IDescribe } from "./contracts/describe.ts";
export type { Diagnosis, IDiagnose } from "./contracts/diagnose.ts";
export type { HelperStatus, IHelpers } from "./contracts/helpers.ts";
export type { IIdentified } from "./contracts/identity.ts";
export type { BackupFile, BackupRecord, IRestorableBackup, RetentionPolicy } from "./contracts/restorable-backup.ts";

// Rules that a storage of one's own keeps with them: names, options, what a frame is
export { assertDistinct, checkName, type NameRule } from "./frame/names.ts";
export { requireFrame } from "./frame/schema.ts";
export { assertReadOptions, assertSaveOptions } from "./storages/options.ts";
export { didYouMean } from "./system/nearest.ts";

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
