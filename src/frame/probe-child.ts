/** Reads the Arrow file that is its argument, every value of it. What goes wrong is on stderr, and ends only this process. */
import { ipcBytesOf } from "./access.ts";
import { pl } from "./polars.ts";
import { schemaOf } from "./schema.ts";

const frame = await pl.scanIPC(process.argv[2] ?? "").collect();
schemaOf(frame);
ipcBytesOf(frame);
