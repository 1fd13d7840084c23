/**
 * Turns a Parquet file of the web into Arrow files, one for each piece of rows: `parquet-child <file> <folder> <limit>`. A hostile
 * file ends the process that reads it; this is a process of its own.
 */
import { writeIpc } from "../../frame/ipc.ts";
import { pl } from "../../frame/polars.ts";

const [file = "", folder = "", limit = "0"] = process.argv.slice(2);
const pieceRows = 65_536;
const lazy = pl.scanParquet(file);
const counted = await lazy.select(pl.len().alias("rows")).collect();
const rows = Number(counted.getColumn("rows").get(0));
// Eight bytes are about what a value takes: a few bytes of Parquet can stand for any number of rows.
if (rows * Math.max(1, lazy.columns.length) * 8 > Number(limit)) {
  console.log(JSON.stringify({ tooLarge: true }));
} else {
  for (let at = 0, piece = 0; at < rows; at += pieceRows, piece++) {
    await writeIpc(lazy.slice(at, pieceRows), `${folder}/${piece}.arrow`);
  }
  console.log(JSON.stringify({ rows }));
}
