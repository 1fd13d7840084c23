/** The options that every command takes. */
export interface GlobalOptions {
  /** Results as one JSON document. */
  readonly json?: boolean;
  /** Results and errors only. */
  readonly quiet?: boolean;
  /** Log everything. */
  readonly verbose?: boolean;
  /** Whose section of the app's config counts. */
  readonly service: string;
}
