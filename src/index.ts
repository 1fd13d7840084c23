/**
 * millrace: data pipelines for micro-services. Interchangeable storages behind strict interfaces.
 *
 * @module
 */
import "./system/node-version.ts";
import "./queue/register.ts";

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
export { Calculator, type CalculationRequest, type Dependency } from "./calculation/calculator.ts";
export { calculationMemory, type StoredMemory } from "./calculation/memory.ts";
export { type CalculatorRun, orderCalculators, runCalculators } from "./calculation/ordered.ts";
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

// Pipelines: scrape, calculate and copy in steps that can be run again, gone on with, planned and undone
export type { RunEvent } from "./contracts/run-event.ts";
export type { IKeepsMarks, KeptMarks, RunMark } from "./contracts/run-mark.ts";
export type {
  Claim,
  CursorRecord,
  ILedger,
  KeptError,
  RunRecord,
  RunState,
  SourceRecord,
  StepRecord,
  StepState,
  TouchRecord,
} from "./contracts/ledger.ts";
export { definePipeline } from "./pipelines/define.ts";
export type {
  CalculateStep,
  CopyStep,
  Incremental,
  PipelineDefinition,
  Retries,
  ScrapeStep,
  Step,
  StepContext,
  StepFunction,
} from "./pipelines/definition.ts";
export { openLedger } from "./pipelines/ledger/open.ts";
export type { Pipeline, RunOptions, RunSurroundings } from "./pipelines/pipeline.ts";
export type { PipelinePlan, PlannedChange } from "./pipelines/plan/plan.ts";
export type { RunResult } from "./pipelines/result.ts";
export { RunFailure } from "./pipelines/run-failure.ts";

// Checks before saving, quarantine, comparisons of frames and storages, schedules
export type {
  BrokenCheck,
  BrokenSample,
  Checks,
  ColumnCheck,
  CountCheck,
  FrameCheck,
  Freshness,
  OnFail,
  RowCheck,
  Verdict,
} from "./contracts/check.ts";
export type { Schedule, ScheduleMemory } from "./contracts/schedule.ts";
export type { BadRows, CheckOptions, CheckReport } from "./pipelines/checks/checker.ts";
export { defineChecks } from "./pipelines/checks/define.ts";
export { type BatchChecks, checkBatches, type Evaluated, evaluateChecks } from "./pipelines/checks/evaluate.ts";
export {
  quarantineFrame,
  quarantineName,
  quarantineSchema,
  type RestoredRows,
  restoreRows,
} from "./pipelines/checks/quarantine.ts";
export { CheckError } from "./pipelines/checks/report.ts";
export {
  between,
  check,
  drift,
  freshness,
  increasing,
  matches,
  max,
  min,
  notNull,
  oneOf,
  onFail,
  unique,
  where,
} from "./pipelines/checks/rules.ts";
export type { RunHook } from "./pipelines/definition.ts";
export { diff } from "./pipelines/diff/diff.ts";
export { diffJson, diffText } from "./pipelines/diff/render.ts";
export type { ChangedRow, ColumnsDiff, DiffOptions, DiffRow, FrameDiff } from "./pipelines/diff/result.ts";
export { type DiffSide, diffStores, type StoreDiffOptions } from "./pipelines/diff/stores.ts";
export {
  type NextRun,
  type RunningScheduler,
  type Scheduled,
  scheduler,
  type SchedulerOptions,
} from "./pipelines/schedule/scheduler.ts";

// Contracts: what a component of one's own has to offer
export type { CalculationMemory } from "./contracts/calculation-memory.ts";
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
export type { IStamped } from "./contracts/stamped.ts";
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
  RunError,
  SaveError,
  SchemaError,
  UnavailableError,
} from "./errors.ts";
