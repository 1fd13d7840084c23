/** What file a download is, and which one in an archive. */
export interface DownloadFormat {
  readonly format: "csv" | "parquet";
  /** The file in a zip archive: its name, or what its name has to match. Default: the only one that can be meant. */
  readonly entry?: string | RegExp;
}
