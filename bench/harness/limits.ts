/**
 * What limits a figure that is behind its goal, for docs/benchmarks.md: by area, case, and what it is to (or `memory`, `block`). A goal
 * that is held has no use for its sentence.
 */
export const limits: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  csv: {
    "millrace read / Python polars read ms":
      "Every byte is judged by one thread of JavaScript, so that no type loses a value; polars' threads parse meanwhile. Cutting records in WebAssembly would be the next step.",
    "millrace read / pandas read ms":
      "This pandas reads about as quickly as polars; `scanCSV` alone, without dates and without a check, takes more than a third of its time.",
    "millrace read own / Python polars read ms":
      "A file of one's own is cut and checked by the thread that cuts foreign ones; only finding the types is left out.",
    "millrace write / Python polars write ms":
      "nodejs-polars' own `sinkCSV` is slower than Python's already; a hash of the content, a check of every value and the disk (fsync) come on top.",
    "millrace read / Python polars read peakMb":
      "Node itself and the pieces in the work take some 100 MB, which a small file does not outweigh.",
    "millrace read own / Python polars read peakMb":
      "Node itself and the pieces in the work take some 100 MB, which a small file does not outweigh.",
    "millrace write / Python polars write peakMb":
      "Node itself and the pieces in the work take some 100 MB, which a small table does not outweigh.",
  },
  postgres: {
    "frame to new table / psql \\copy, prepared binary file ms":
      "The server: it takes most of the time for the bytes of a prepared buffer alone. The first rows have to be made ready before it can begin, and some twenty short statements come on top.",
    "frame to new table / psql \\copy, CSV ms":
      "The server, too: it parses CSV in less than twice the time that it takes for binary rows.",
    "frame to new table / ADBC adbc_ingest ms":
      "Both wait for the server; making the first rows ready and some twenty short statements come on top.",
    "frame to replaced table / frame to new table ms":
      "The server's DELETE and its log. The same by hand in psql (DELETE, then a binary copy) takes about as long.",
    "table to frame / ADBC fetch_arrow_table ms":
      "This process: as much work as the server's own, a quarter of it collecting the garbage of socket buffers.",
    "table to frame / connectorx ms": "As beside ADBC: decoding in JavaScript.",
    "table to frame / pandas read_sql ms": "As beside ADBC: decoding in JavaScript.",
    "CSV file to table, whole process / dlt of Arrow, whole process ms":
      "The server's part of replacing the rows alone is about half of it; then the pass that finds the types, and 0.4 s of start.",
    "frame to new table /  blockMs":
      "Pauses of the garbage collector; they grow on a busy machine, since its threads wait for a core.",
    "frame to replaced table /  blockMs":
      "Pauses of the garbage collector; they grow on a busy machine, since its threads wait for a core.",
    "table to frame /  blockMs":
      "Pauses of the garbage collector; they grow on a busy machine, since its threads wait for a core.",
  },
  arctic: {
    "millrace write / pandas write ms":
      "Three quarters are ArcticDB's own write; the rest is the exchange file, which Python does not need.",
    "millrace read / pandas read ms":
      "ArcticDB gives Arrow in half the time of a pandas frame; the exchange file, polars' own form of texts (nearly half of the rest) and the ways between the processes come on top, and both processes want both cores.",
    "millrace csv / pandas csv ms": "Reading the CSV file, and Node's own start.",
    "millrace day / pandas day ms": "ArcticDB's read, then the exchange file and the ways between the processes.",
    "millrace small write / pandas small write ms":
      "Waiting for the disk: ArcticDB syncs each of its keys. Then what a save looks at before: what stands there, and whether it fits.",
    "millrace small read / pandas small read ms": "The ways between the processes, and making a polars frame.",
    "millrace first call / python, import arcticdb ms": "Python's imports in the worker.",
    "millrace write / pandas write peakMb":
      "Two processes hold the frame, and the exchange file between them; for small tables Node and Python themselves.",
    "millrace read / pandas read peakMb":
      "Two processes hold the frame, and the exchange file between them; for small tables Node and Python themselves.",
    "millrace read /  blockMs": "polars takes over large texts in one piece.",
    "millrace write /  blockMs": "polars hands over large texts in one piece.",
  },
  queue: {
    "a run's sources / bare pg-boss ms":
      "Each source has its row in the ledger, and a fence that a save is checked by; pg-boss alone keeps neither.",
    "two workers / one worker ms":
      "The server and the process that leads the run share the two cores with both workers.",
    "a million jobs queued / idle queue ms": "The fetch of the next job looks through a larger index.",
  },
  pipelines: {
    "an incremental run with nothing new, csv /  ms":
      "The storage's own reading: the file is read to find what is new in it.",
    "an incremental run with nothing new, temp /  ms": "The storage's own reading, and its lock.",
    "plan of a table against as many rows / one read ms":
      "Two reads are part of it: that of the source and that of the destination; then both are compared by key.",
    "a run of one step with one small frame /  ms": "Six statements of the ledger, each synced.",
  },
  scraping: {
    "millrace / bare CheerioCrawler ms": "Every page is kept for its schema's sake, and its rows are checked.",
  },
  service: {
    "/health while a pipeline copies /  ms":
      "An answer waits for whatever blocks the event loop of the process for longest, and asks each storage.",
    "/api/data as Arrow / temp storage, read in batches ms":
      "The rows are written as Arrow once more, and pass through a socket.",
  },
};
