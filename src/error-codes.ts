/**
 * Every error code: the class that carries it, whether trying again can help, what brings it about
 * and what to do. docs/errors.md is written from this table.
 */
export const errorCodes = {
  FRAME_NOT_FOUND: {
    kind: "NotFoundError",
    retryable: false,
    cause: "The storage holds no frame with that name.",
    remedy: "Take one of the names in the message, or see `millrace list`.",
  },
  BACKUP_NOT_FOUND: {
    kind: "NotFoundError",
    retryable: false,
    cause: "No complete backup stands at that location.",
    remedy: "Take a location from `listBackups()`.",
  },
  NAME_INVALID: {
    kind: "InvalidNameError",
    retryable: false,
    cause: "The name is empty, too long, or would reach outside its storage.",
    remedy: "Use letters, digits, `_`, `-`, `.` and spaces; docs/concepts.md has the rule.",
  },
  SCHEMA_MISMATCH: {
    kind: "SchemaError",
    retryable: false,
    cause: "A frame, a value or a column does not fit the schema that was declared or kept.",
    remedy: "Mend the column that the message names, or declare another schema.",
  },
  SOURCE_CHANGED: {
    kind: "SchemaError",
    retryable: false,
    cause:
      "What was scraped differs more from the last good runs than the source's `health` allows, so nothing was saved.",
    remedy:
      "Look at the page that was kept. Mend `parse`, or accept the change: `accept: true`, or `millrace scrape … --accept`.",
  },
  TIME_COLUMN_UNCLEAR: {
    kind: "SchemaError",
    retryable: false,
    cause: "`from` or `to` was given and the frame has none or several columns that could be its time.",
    remedy: "Name it with `timeColumn`.",
  },
  KEY_INVALID: {
    kind: "SchemaError",
    retryable: false,
    cause: "A key column is missing, or the frame has a null or the same key twice.",
    remedy: "Give a key that is whole and unique in the frame.",
  },
  CHECK_FAILED: {
    kind: "SchemaError",
    retryable: false,
    cause: "Rows break a check of their pipeline's step, and nothing was saved.",
    remedy: 'Mend the rows that the message names where they come from, or put them aside with `onFail: "quarantine"`.',
  },
  NOT_EXACT: {
    kind: "FidelityError",
    retryable: false,
    cause: "The storage can't hold a value, a type or a column name exactly.",
    remedy: "Follow the message: it names the column, the first row and what to change.",
  },
  DATA_CORRUPT: {
    kind: "CorruptDataError",
    retryable: false,
    cause: "Stored bytes are damaged, cut short, or no file of that format.",
    remedy: "Restore a backup, or fetch the file again.",
  },
  BACKUP_CORRUPT: {
    kind: "CorruptDataError",
    retryable: false,
    cause: "A backup's bytes differ from its manifest.",
    remedy: "Use an older backup; `verifyBackup` tells which are whole.",
  },
  NAME_CONFLICT: {
    kind: "ConflictError",
    retryable: false,
    cause: "The new name differs from an existing one only by case or Unicode form, or two names meet in one.",
    remedy: "Use the existing name, or one that differs visibly.",
  },
  LOCKED: {
    kind: "ConflictError",
    retryable: true,
    cause: "Another writer held the same name for longer than the wait.",
    remedy: "Try again when the other writer is done.",
  },
  STORAGE_UNAVAILABLE: {
    kind: "UnavailableError",
    retryable: true,
    cause: "A server, a worker or a network path does not answer.",
    remedy: "Start it or mend the address; the message says which.",
  },
  ACCESS_DENIED: {
    kind: "UnavailableError",
    retryable: false,
    cause: "The server or the file system refused the user or the password.",
    remedy: "Check user, password and rights.",
  },
  ADDRESS_REFUSED: {
    kind: "UnavailableError",
    retryable: false,
    cause: "A page of a scraper lies at a private address, or is not reached by http or https.",
    remedy: "Allow the host with `allowPrivate` in the source or SCRAPE_ALLOW_PRIVATE, if you mean it.",
  },
  ROBOTS_REFUSED: {
    kind: "UnavailableError",
    retryable: false,
    cause: "The site's robots.txt asks robots to leave that page alone, or could not be had.",
    remedy: "Leave the page out. Where the site's owner allowed you, declare `robots: false` in the source.",
  },
  NOT_RECORDED: {
    kind: "UnavailableError",
    retryable: false,
    cause: "The archive that is replayed has no answer for a page that the scraper asks for.",
    remedy: "Record it again: `millrace record`, or the option `record`.",
  },
  LIMIT_EXCEEDED: {
    kind: "UnavailableError",
    retryable: false,
    cause: "An answer from the web is larger, longer or further away than the source's limits.",
    remedy: "Raise the limit that the message names, if the answer is what you want.",
  },
  DEPENDENCY_MISSING: {
    kind: "UnavailableError",
    retryable: false,
    cause: "An optional package, Python, or a native part is not installed.",
    remedy: "Run the command in the message.",
  },
  SAVE_FAILED: {
    kind: "SaveError",
    retryable: false,
    cause: "The data could not be written, or a saver resolved `false`. The old data is whole.",
    remedy: "See the cause in the message.",
  },
  OUTCOME_UNKNOWN: {
    kind: "SaveError",
    retryable: false,
    cause: "The connection was lost while a save was being completed, and the server can't tell whether it took place.",
    remedy: "Read the frame before you save again: it is the old or the new one, whole.",
  },
  DISK_FULL: {
    kind: "SaveError",
    retryable: false,
    cause: "No space is left where the data goes. The old data is whole.",
    remedy: "Free space there, then save again.",
  },
  BACKUP_FAILED: {
    kind: "SaveError",
    retryable: false,
    cause: "A backup could not be made, so nothing was saved after it.",
    remedy: "See the cause in the message.",
  },
  RUN_FAILED: {
    kind: "RunError",
    retryable: false,
    cause: "A run of a pipeline ended with a failed step.",
    remedy:
      "The message and `cause` say what and where. Mend it, then `pipeline.resume()` goes on, or `pipeline.run()` begins anew.",
  },
  RUN_DEADLINE: {
    kind: "RunError",
    retryable: false,
    cause: "A run or a step took longer than its `deadline`.",
    remedy: "Raise the deadline, or `pipeline.resume()` to go on with what is left.",
  },
  LEASE_LOST: {
    kind: "ConflictError",
    retryable: false,
    cause: "A worker gave no sign of life for longer than QUEUE_LEASE, and another one took over what it worked on.",
    remedy:
      "Nothing: the other one goes on, and nothing was saved twice. Raise QUEUE_LEASE when calculations block a process for long.",
  },
  RUN_OVERLAP: {
    kind: "ConflictError",
    retryable: true,
    cause: "Another run of the same pipeline is under way.",
    remedy: 'Wait for it, or declare `onOverlap: "wait"` or `"skip"`.',
  },
  PIPELINE_NOT_FOUND: {
    kind: "NotFoundError",
    retryable: false,
    cause: "There is no such file, or it exports no pipeline of that name.",
    remedy: "Name the file that exports the pipeline, and where it exports several, the pipeline.",
  },
  RUN_NOT_FOUND: {
    kind: "NotFoundError",
    retryable: false,
    cause: "The ledger has no such run, or none that can be gone on with.",
    remedy: "Take an id from `pipeline.runs()` or `millrace runs`.",
  },
  UNDO_REFUSED: {
    kind: "ConflictError",
    retryable: false,
    cause: "A run can't be undone: a later run touched a destination, or what stood there was not kept.",
    remedy: "Undo the later run first, or restore a backup; `undoable: true` keeps what later runs need.",
  },
  CURSOR_INVALID: {
    kind: "SchemaError",
    retryable: false,
    cause: "Rows without a time in the column that an incremental step goes by, or a column that holds no times.",
    remedy: 'Mend the rows that the message names, or declare `onNull: "skip"`.',
  },
  CONFIG_INVALID: {
    kind: "ConfigError",
    retryable: false,
    cause: "A setting, an option or a definition is wrong or missing.",
    remedy: "The message names each wrong field and where it came from.",
  },
  TYPE_UNKNOWN: {
    kind: "ConfigError",
    retryable: false,
    cause: "No storage of that type has the role that was asked for.",
    remedy: "Take one of the types in the message.",
  },
  OPTION_UNSUPPORTED: {
    kind: "ConfigError",
    retryable: false,
    cause: "The storage does not support that option.",
    remedy: "Leave it out, or use a storage that supports it.",
  },
} as const satisfies Record<string, { kind: string; retryable: boolean; cause: string; remedy: string }>;

/** A code of docs/errors.md. */
export type ErrorCode = keyof typeof errorCodes;

/** The codes that one kind of error can carry. */
export type CodeOf<Kind extends string> = {
  [Code in ErrorCode]: (typeof errorCodes)[Code]["kind"] extends Kind ? Code : never;
}[ErrorCode];
