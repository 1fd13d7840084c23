import { SchemaError } from "../../errors.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { commonTypes } from "./common-types.ts";
import type { CsvReader, LookedFile } from "./reader.ts";
import { firstRows, type ReadRequest } from "./reading.ts";

/**
 * Several files as one frame, one below the other. All are looked at first, for types that hold the values of each.
 *
 * @throws SchemaError when they have different columns.
 */
export async function* readMany(
  reader: CsvReader,
  names: readonly string[],
  request: ReadRequest,
): AsyncGenerator<DataFrame> {
  const files: LookedFile[] = [];
  for (const name of names) files.push(await reader.look(name, request));
  const common = commonTypes(
    files.map(({ name, opened, shapes }) => ({
      frame: name,
      names: opened.table.names,
      kept: opened.kept?.schema,
      shapes,
    })),
  );
  const columns = columnsOf(files, request);
  const timeColumn = request.timeColumn ?? files.find(({ opened }) => opened.kept?.timeColumn)?.opened.kept?.timeColumn;
  const whole = { ...request, columns, ...(timeColumn !== undefined && { timeColumn }) };
  async function* frames() {
    for (const file of files) yield* reader.readLooked(file, whole, { common });
  }
  yield* firstRows(frames(), request.limit);
}

/** In the order of the first file, with the file's name at the end. */
function columnsOf(files: readonly LookedFile[], { columns, fileColumn }: ReadRequest): string[] {
  const names = files[0]?.opened.table.names ?? [];
  if (fileColumn !== undefined && names.includes(fileColumn)) {
    throw new SchemaError(`The files have a column "${fileColumn}" of their own.`, {
      storage: "csv",
      hint: 'Name the added column: { includeFile: "from_file" }.',
    });
  }
  return columns ?? [...names, ...(fileColumn === undefined ? [] : [fileColumn])];
}
