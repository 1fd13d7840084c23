"""One process that holds an ArcticDB connection for all millrace programs of a user.

It is started as `worker.py SOCKET IDLE_SECONDS` and speaks lines of JSON over the Unix socket SOCKET; docs/arctic.md is the
page of its protocol. What a library prints goes to the log file that is this process's standard output and never reaches the
socket. A frame travels as an Arrow file: a small one within a message, another in a private folder. Nothing is ever unpickled.

A lock on `SOCKET.lock`, held as long as the process lives, makes sure that there is one worker for one socket.

    Worker   listens, and ends when it has been idle
    Client   one connected program: its requests come in, its answers go out
    Lanes    the threads that do the work
    Store    what can be done with ArcticDB
    Modules  the libraries, loaded meanwhile
"""

from __future__ import annotations

import base64
import ctypes
import faulthandler
import fcntl
import hashlib
import hmac
import itertools
import json
import os
import re
import select
import socket
import struct
import sys
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any, Callable, Optional

PROTOCOL = 3
Message = dict[str, Any]

# What changes a symbol. Only the client that claimed it last may do that.
CHANGES = ("write", "delete", "restore", "prune")
# Done in the order in which they came, for each symbol; `versions` among them sees what a save left once it is tidied.
IN_ORDER = (*CHANGES, "claim", "versions")

# A table of up to so many bytes travels in the answer itself.
SMALL = 512 << 10
# Versions whose facts are remembered.
REMEMBERED = 200
# ArcticDB keeps a chain with a link for each version saved and each removed, and removing one walks all of it: after 2,000 saves
# that takes 50 ms. Every so many versions the chain is made one link.
LINKS = 50
# Removing a version takes longer than a small save. While small saves follow each other, what they made superfluous goes every so
# many versions; else when nothing was done for a moment, in seconds.
TIDY = 8
QUIET = 0.2

# Seconds. After so many without work memory is given back: not sooner, since the next read would have to get it anew.
REST = 2.0
# After so many of work that does not end the stacks of all threads go to the log.
STUCK = 100.0
# The program that started this one gets so many to connect.
FIRST_CLIENT = 15.0

# How often a request to a server that speaks S3 is tried, how long connecting may take, and how long it may be silent.
S3_ATTEMPTS = 4
S3_CONNECT_MS = 2_000
S3_SILENCE_MS = 5_000

# What ArcticDB calls the forms of data that are tables.
TABLES = ("df", "experimental_arrow", "series", "ts")


# ---------- Failures ----------


class Failure(Exception):
    """A failure that has a code in the protocol."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


ERRNOS = {
    1: "denied",
    12: "no_memory",
    13: "denied",
    23: "no_files",
    24: "no_files",
    28: "disk_full",
    30: "denied",
    122: "disk_full",
}
REFUSALS = ("E_PERMISSION", "AccessDenied", "Permission denied", "Read-only file system")


def code_of(error: BaseException) -> str:
    """The protocol's code of a failure. ArcticDB's classes are told by name, so that none has to be imported."""
    if isinstance(error, Failure):
        return error.code
    if isinstance(error, OSError) and error.errno in ERRNOS:
        return ERRNOS[error.errno]
    names = {kind.__name__ for kind in type(error).__mro__}
    text = str(error)
    if names & {"MemoryError", "ArrowMemoryError"} or "bad_alloc" in text or "Cannot allocate memory" in text:
        return "no_memory"
    if names & {"NoSuchVersionException", "NoDataFoundException", "LibraryNotFound", "SymbolNotFound"}:
        return "not_found"
    if "LmdbMapFullError" in names or "No space left" in text:
        return "disk_full"
    if "PermissionException" in names or any(words in text for words in REFUSALS):
        return "denied"
    if "Too many open files" in text:
        return "no_files"
    if "NoSuchBucket" in text or "ContainerNotFound" in text:
        return "no_bucket"
    if "StorageException" in names:
        return "unavailable"
    if names & {"UnsortedDataException", "SchemaException", "UserInputException", "StreamDescriptorMismatch"}:
        return "refused"
    return "failed"


# ---------- ArcticDB ----------


class Modules:
    """The heavy imports, made once in a thread of their own so that the first program is answered meanwhile."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._error: Optional[str] = None
        self.adb: Any = None
        self.pa: Any = None
        self.pd: Any = None
        threading.Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        try:
            # Of ArcticDB's client for S3, which else tries eleven times and waits 25 s in between. Only this mode heeds a number.
            os.environ.setdefault("AWS_RETRY_MODE", "standard")
            os.environ.setdefault("AWS_MAX_ATTEMPTS", str(S3_ATTEMPTS))
            import pyarrow as pa
            import pyarrow.ipc  # noqa: F401
            import pandas as pd
            import arcticdb as adb
            from arcticdb.config import set_config_int
            from arcticdb.version_store import _normalization

            # By default a process goes on for seconds with the versions that it saw last, and misses what others wrote since.
            set_config_int("VersionMap.ReloadInterval", 0)
            set_config_int("S3Storage.ConnectTimeoutMs", S3_CONNECT_MS)
            set_config_int("S3Storage.RequestTimeoutMs", S3_SILENCE_MS)
            # What some other program pickled into metadata would otherwise run that program's code here. Data that is pickled
            # is refused before it is read.
            _normalization.Pickler.read = staticmethod(lambda _data: None)
            self.adb, self.pa, self.pd = adb, pa, pd
        except BaseException as error:  # an import can fail in any way; every request then says how
            traceback.print_exc()
            self._error = f"{type(error).__name__}: {error}"
        self._ready.set()

    def wait(self) -> Modules:
        self._ready.wait()
        if self._error is not None:
            raise Failure("import", f"Its Python environment can't be used: {self._error}")
        return self


class Store:
    """What the protocol can do with ArcticDB. Methods that take a request answer one; each runs in a thread of its own."""

    # --- The connection

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._lock = threading.Lock()
        self._uri = ""
        self._arctic: Any = None
        self._libraries: dict[str, Any] = {}
        self._claims: dict[tuple[str, str], int] = {}
        self._known: OrderedDict[tuple[str, str, int, Optional[str]], Message] = OrderedDict()
        self._superfluous: dict[tuple[str, str], list[int]] = {}

    def address(self, uri: str) -> None:
        with self._lock:
            if self._uri not in ("", uri):
                raise Failure("address", "This worker serves another address.")
            self._uri = uri

    def _open(self) -> Any:
        """The one connection of this process: LMDB may open a path only once in a process."""
        adb = self._modules.wait().adb
        with self._lock:
            if self._arctic is None:
                self._arctic = adb.Arctic(self._uri)
            return self._arctic

    def _library(self, name: str, create: bool = False) -> Any:
        arctic = self._open()
        with self._lock:
            library = self._libraries.get(name)
            if library is None:
                if not create and not arctic.has_library(name):
                    raise Failure("not_found", f"There is no library {name}.")
                library = arctic.get_library(name, create_if_missing=create)
                library._nvs._set_allow_arrow_input()
                self._libraries[name] = library
            return library

    def _library_if_there(self, name: str) -> Any:
        """None when there is no such library. A bucket that is missing looks the same to ArcticDB, so that is asked for."""
        try:
            return self._library(name)
        except Failure as failure:
            if failure.code != "not_found":
                raise
            require_bucket(self._uri)
            return None

    def _required(self, request: Message) -> Any:
        library = self._library_if_there(request["library"])
        if library is None:
            raise Failure("not_found", f"There is no library {request['library']}.")
        return library

    def health(self, request: Message) -> Message:
        library = self._library_if_there(request["library"])
        if library is not None:
            library.has_symbol("millrace looks whether the store answers")
        return {"library": library is not None}

    # --- Who may change a symbol

    def claim(self, request: Message, client: int) -> Message:
        """From now on only this client changes the symbol. One that was killed may have sent a change that is read only now."""
        with self._lock:
            self._claims[request["library"], request["symbol"]] = client
        return {}

    def require_claim(self, request: Message, client: int) -> None:
        with self._lock:
            if self._claims.get((request["library"], request["symbol"]), client) != client:
                raise Failure("superseded", f"Another program has begun to change {request['symbol']} since.")

    # --- What there is

    def list_symbols(self, request: Message) -> Message:
        """Names of the symbols; with `tables` of those only whose newest version is a table."""
        library = self._library_if_there(request["library"])
        if library is None:
            return {"symbols": []}
        names = self._names(library)
        return {"symbols": [name for name in names if self._is_table(library, name)] if request.get("tables") else names}

    def _names(self, library: Any) -> list[str]:
        # ArcticDB's cached list takes a second when it is made. On a local disk the keys themselves are as quick to read.
        local = self._uri.startswith("lmdb://")
        names = library._nvs.list_symbols(use_symbol_list=False) if local else library.list_symbols()
        return [str(name) for name in names]

    def _is_table(self, library: Any, symbol: str) -> bool:
        try:
            return self._kind(library, symbol, None) in TABLES
        except Exception as error:
            if code_of(error) == "not_found":  # deleted since it was listed
                return False
            raise

    def describe(self, request: Message) -> Message:
        """Facts of a version; with `brief` only what its metadata tells."""
        library, symbol = self._required(request), request["symbol"]
        info = library.read_metadata(symbol, as_of=self._as_of(request))
        brief: Message = {"version": info.version, "metadata": own_metadata(info.metadata)}
        if request.get("brief"):
            return brief
        # A version that only a snapshot holds is found by the snapshot's name alone.
        version = self._as_of(request) if "snapshot" in request else info.version
        answer: Message = {**brief, **self._facts(library, symbol, version, brief)}
        if request.get("bytes"):
            sizes = library.admin_tools().get_sizes_for_symbol(symbol)
            answer["bytes"] = sum(size.bytes_compressed for size in sizes.values())
        return answer

    def _facts(self, library: Any, symbol: str, version: Any, brief: Message) -> Message:
        """What never changes of a version. It is remembered of those that millrace saved: their metadata tells them apart from
        a version of the same number that came after the symbol was deleted."""
        key = (library.name, symbol, brief["version"], brief["metadata"])
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        _, categories = self._require_table(library, symbol, version)
        head = self._decoded(library.head(symbol, 0, as_of=version, output_format="PYARROW").data, categories).schema
        facts = library.get_description(symbol, as_of=version)
        index = facts.index[0] if len(facts.index) == 1 and is_time(facts.index[0]) else None
        found: Message = {
            "rows": facts.row_count,
            "modified": int(facts.last_update_time.value // 1_000_000),
            "columns": [{"name": field.name, "type": str(field.type)} for field in head],
            "index": None if index is None else (index.name or head.names[0]),
            "indexEnd": last_of(facts.date_range),
        }
        if brief["metadata"] is not None:
            with self._lock:
                self._known[key] = found
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return found

    # --- Reading

    def read(self, request: Message) -> tuple[Any, Message]:
        library, symbol = self._required(request), request["symbol"]
        version = self._as_of(request)
        if "snapshot" not in request and not isinstance(version, int):
            version = library.read_metadata(symbol, as_of=version).version
        kind, categories = self._require_table(library, symbol, version)
        options: Message = {"as_of": version, "output_format": "PYARROW", "columns": request.get("columns")}
        if request.get("rows") is not None:
            options["row_range"] = tuple(request["rows"])
        if request.get("times") is not None:
            options["date_range"] = tuple(self._moment(text) for text in request["times"])
        if request.get("aggregate") is not None:
            options["query_builder"] = self._resampling(request["aggregate"])
        item = library.read(symbol, **options)
        table = self._decoded(item.data, {} if "aggregate" in request else categories)
        answer = {
            "version": item.version,
            "rows": table.num_rows,
            "columns": [{"name": field.name, "type": str(field.type)} for field in table.schema],
            "bytes": table.nbytes,
            "arrow": kind == "experimental_arrow",
            "metadata": own_metadata(item.metadata),
        }
        return table, answer

    def _as_of(self, request: Message) -> Any:
        """Which version is meant: its number, the newest at a moment, or that of a snapshot; None is the newest."""
        if request.get("moment") is not None:
            return self._moment(request["moment"])
        return request.get("snapshot", request.get("version"))

    def _moment(self, text: Optional[str]) -> Any:
        """Nanoseconds since 1970, as text because JSON's numbers are not exact there."""
        return None if text is None else self._modules.pd.Timestamp(int(text), tz="UTC")

    def _resampling(self, aggregate: Message) -> Any:
        names = {result: (column, how) for result, column, how in aggregate["columns"]}
        return self._modules.adb.QueryBuilder().resample(aggregate["every"]).agg(names)

    def _require_table(self, library: Any, symbol: str, version: Any) -> tuple[str, dict[str, Any]]:
        """In which form it was written, and the values behind pandas' categories, of which Arrow gives only the codes."""
        found = self._normalization(library, symbol, version)
        kind = str(found.WhichOneof("input_type"))
        if kind not in TABLES:
            code = "pickled" if kind == "msg_pack_frame" else "no_table"
            raise Failure(code, f"It holds {'pickled Python objects' if code == 'pickled' else 'no table'} ({kind}).")
        common = getattr(getattr(found, kind), "common", None)
        categories: dict[str, Any] = {}
        for name, kept in getattr(common, "categories", {}).items():
            categories[name] = self._modules.pa.array(list(kept.category), self._modules.pa.large_string())
        for name, kept in getattr(common, "int_categories", {}).items():
            categories[name] = self._modules.pa.array(list(kept.category), self._modules.pa.int64())
        return kind, categories

    def _kind(self, library: Any, symbol: str, version: Any) -> str:
        return str(self._normalization(library, symbol, version).WhichOneof("input_type"))

    def _normalization(self, library: Any, symbol: str, version: Any) -> Any:
        return library._nvs._get_info(symbol, version).timeseries_descriptor.normalization

    def _decoded(self, table: Any, categories: dict[str, Any]) -> Any:
        pa = self._modules.pa
        table = table.replace_schema_metadata(None)
        for at, name in enumerate(table.schema.names):
            if name in categories:
                codes = [None if code is None or code < 0 else code for code in table.column(at).to_pylist()]
                table = table.set_column(at, name, categories[name].take(pa.array(codes, pa.int64())))
        return table

    def export(self, table: Any, path: str) -> None:
        pa = self._modules.wait().pa
        try:
            # Written over what stands there: pages that the system has cleared before take half the time.
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
                with pa.ipc.new_file(file, table.schema) as writer:
                    writer.write_table(table)
                file.truncate(file.tell())
        except BaseException:
            remove(path)
            raise

    def inline(self, table: Any) -> str:
        """A small table as the bytes of an Arrow file, in base64."""
        pa = self._modules.pa
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        return base64.b64encode(sink.getvalue()).decode()

    # --- Changing

    def write(self, request: Message) -> Message:
        pa = self._modules.wait().pa
        library, symbol = self._library(request["library"], create=True), request["symbol"]
        inline = request.get("data")
        with pa.memory_map(request["path"]) if inline is None else pa.BufferReader(base64.b64decode(inline)) as file:
            table = with_plain_texts(pa, pa.ipc.open_file(file).read_all().replace_schema_metadata(None))
            names = table.schema.names
            if "" in names or len(set(names)) != len(names) or any("\0" in name for name in names):
                raise Failure("bad_request", "Column names have to be there, distinct and without NUL.")
            if table.num_rows == 0:  # a file without batches; ArcticDB wants one, if an empty one
                empty = [pa.array([], field.type) for field in table.schema]
                table = pa.Table.from_batches([pa.RecordBatch.from_arrays(empty, schema=table.schema)])
            save = {"replace": library.write, "append": library.append, "update": library.update}[request["mode"]]
            options: Message = {"index_column": request["index"], "prune_previous_versions": False}
            if request["mode"] == "append":
                options["compact_data"] = request["compact"]
            item = save(symbol, table, metadata={"millrace": request["metadata"]}, **options)
            del table
        return {"version": item.version}

    def tidy(self, request: Message, answer: Message) -> None:
        """Notes what a save made superfluous, once it is answered. A later save names again what is not removed by then, so that
        nothing stays for good when this process is killed."""
        if request["op"] not in ("write", "restore"):
            return
        lane = (request["library"], request["symbol"])
        if request["drop"]:
            with self._lock:
                self._superfluous[lane] = request["drop"]
        if request.get("path") is not None or answer["version"] % TIDY == 0:
            self.sweep(lane)
        if answer["version"] % LINKS == 0:
            self._join_links(lane)

    def to_sweep(self) -> list[tuple[str, str]]:
        with self._lock:
            return list(self._superfluous)

    def sweep(self, lane: tuple[str, str]) -> None:
        """Removes what saves made superfluous. The caller is that lane's thread."""
        with self._lock:
            versions = self._superfluous.pop(lane, [])
        try:
            self._remove(self._library(lane[0]), lane[1], versions)
        except Exception:  # what stands is saved all the same
            traceback.print_exc()

    def _join_links(self, lane: tuple[str, str]) -> None:
        try:
            self._library(lane[0])._nvs.version_store._compact_version_map(lane[1])
        except Exception:
            traceback.print_exc()

    def delete(self, request: Message) -> Message:
        library = self._library_if_there(request["library"])
        if library is None:
            return {"deleted": False}
        there = library.has_symbol(request["symbol"])
        if there:
            with self._lock:
                self._superfluous.pop((request["library"], request["symbol"]), None)
            library.delete(request["symbol"])
        return {"deleted": there}

    def restore(self, request: Message) -> Message:
        """An earlier version as the newest, without copying its data."""
        library, symbol = self._required(request), request["symbol"]
        item = library._nvs.restore_version(symbol, self._as_of(request))
        if request["metadata"] is None:
            return {"version": item.version}
        # It came with that version's metadata, which knows nothing of the versions since.
        newest = library.write_metadata(symbol, {"millrace": request["metadata"]}, prune_previous_versions=False)
        request["drop"] = [*request["drop"], item.version]
        return {"version": newest.version}

    def prune(self, request: Message) -> Message:
        library, symbol = self._required(request), request["symbol"]
        return {"removed": self._remove(library, symbol, request["versions"])}

    def _remove(self, library: Any, symbol: str, versions: list[int]) -> list[int]:
        """Resolves with those that were there."""
        if not versions:
            return []
        there = {key.version for key, info in library.list_versions(symbol).items() if not info.deleted}
        removed = [version for version in versions if version in there]
        if removed:
            library.delete(symbol, versions=removed)
        return removed

    # --- Versions and snapshots

    def versions(self, request: Message) -> Message:
        """Those of a symbol, newest first, with those that only snapshots hold."""
        library, symbol = self._required(request), request["symbol"]
        self.sweep((request["library"], symbol))
        found = library.list_versions(symbol)
        if not found:
            raise Failure("not_found", f"There is no {symbol}.")
        versions = [
            {
                "version": key.version,
                "moment": str(info.date.value),
                "deleted": info.deleted,
                "snapshots": sorted(info.snapshots),
                "metadata": self._metadata_of(library, symbol, key.version, info),
            }
            for key, info in found.items()
        ]
        return {"versions": sorted(versions, key=lambda each: -each["version"])}

    def _metadata_of(self, library: Any, symbol: str, version: int, info: Any) -> Optional[str]:
        try:
            as_of = info.snapshots[0] if info.deleted and info.snapshots else version
            return own_metadata(library.read_metadata(symbol, as_of=as_of).metadata)
        except Exception:  # pickled by another program, or removed meanwhile
            return None

    def snapshot(self, request: Message) -> Message:
        """The newest versions of all symbols, or of those named, under one name."""
        library = self._library(request["library"], create=True)
        if request["snapshot"] in library.list_snapshots(load_metadata=False):
            raise Failure("exists", f"There is a snapshot {request['snapshot']} already.")
        skipped = None
        if request.get("symbols") is not None:
            names, wanted = self._names(library), set(request["symbols"])
            missing = sorted(wanted.difference(names))
            if missing:
                raise Failure("not_found", f"There is no {missing[0]}.")
            skipped = [name for name in names if name not in wanted]
        library.snapshot(request["snapshot"], metadata={"millrace": request["metadata"]}, skip_symbols=skipped)
        return {}

    def snapshots(self, request: Message) -> Message:
        library = self._library_if_there(request["library"])
        found = {} if library is None else library.list_snapshots()
        return {"snapshots": [{"name": name, "metadata": own_metadata(kept)} for name, kept in found.items()]}

    def snapshot_symbols(self, request: Message) -> Message:
        """Names of the tables that a snapshot holds."""
        library, snapshot = self._required(request), request["snapshot"]
        names = library.list_symbols(snapshot_name=snapshot)
        return {"symbols": [str(name) for name in names if self._kind(library, name, snapshot) in TABLES]}

    def delete_snapshot(self, request: Message) -> Message:
        library = self._library_if_there(request["library"])
        there = library is not None and request["snapshot"] in library.list_snapshots(load_metadata=False)
        if there:
            library.delete_snapshot(request["snapshot"])
        return {"deleted": there}


def own_metadata(metadata: Any) -> Optional[str]:
    own = metadata.get("millrace") if isinstance(metadata, dict) else None
    return own if isinstance(own, str) else None


def is_time(column: Any) -> bool:
    return "NANOSECONDS" in str(column.dtype)


def last_of(date_range: Any) -> Optional[str]:
    """Last time of the index in nanoseconds since 1970; pandas' NaT has the least of all numbers."""
    value = getattr(date_range[1], "value", None)
    return None if value is None or value == -(2**63) else str(value)


def with_plain_texts(pa: Any, table: Any) -> Any:
    """ArcticDB refuses texts in Arrow's form of views, in which polars writes small tables."""
    for at, field in enumerate(table.schema):
        if pa.types.is_string_view(field.type):
            texts = pa.chunked_array([pa.array(table.column(at).to_pylist(), pa.large_string())])
            table = table.set_column(at, field.name, texts)
    return table


def require_bucket(uri: str) -> None:
    """ArcticDB takes a bucket or container that is not there for an empty one, so that the server is asked."""
    request = azure_request(uri) if uri.startswith("azure://") else s3_request(uri)
    if request is None:
        return
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except urllib.error.HTTPError as error:
        told = error.read(4096)
        if error.code == 404 and (b"NoSuchBucket" in told or b"ContainerNotFound" in told):
            raise Failure("no_bucket", "There is no such bucket or container.") from None
    except (OSError, ValueError):
        pass  # whatever else is wrong shows when ArcticDB itself asks


def s3_request(uri: str) -> Any:
    """A server that speaks S3 tells it without a key."""
    address = re.match(r"s3(s?)://([^:/?]+):([^?]+)(?:\?(.*))?$", uri)
    if address is None:
        return None
    secure, host, bucket, query = address.groups()
    port = re.search(r"(?:^|&)port=(\d+)", query or "")
    return urllib.request.Request(f"http{secure}://{host}{':' + port[1] if port else ''}/{bucket}?max-keys=0")


def azure_request(uri: str) -> Any:
    """Azure tells it only to who signs with the account's key: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key."""
    parts = dict(part.partition("=")[::2] for part in uri[len("azure://") :].split(";"))
    account, key, container = parts.get("AccountName"), parts.get("AccountKey"), parts.get("Container")
    if not (account and key and container):
        return None
    suffix = parts.get("EndpointSuffix", "core.windows.net")
    url = f"{parts.get('BlobEndpoint', f'https://{account}.blob.{suffix}').rstrip('/')}/{container}"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    named = "".join(f"{name}:{value}\n" for name, value in headers.items())
    signed = f"GET{12 * chr(10)}{named}/{account}{urllib.parse.urlsplit(url).path}\nrestype:container"
    signature = hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(signature).decode()}"
    return urllib.request.Request(f"{url}?restype=container", headers=headers)


# ---------- Programs and their requests ----------


class Lanes:
    """Runs work in threads; work of one lane in the order in which it came."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], deque[Callable[[], None]]] = {}

    def run(self, lane: Optional[tuple[str, str]], work: Callable[[], None]) -> None:
        if lane is None:
            self._pool.submit(work)
            return
        with self._lock:
            if lane in self._waiting:
                self._waiting[lane].append(work)
                return
            self._waiting[lane] = deque([work])
        self._pool.submit(self._drain, lane)

    def _drain(self, lane: tuple[str, str]) -> None:
        while True:
            with self._lock:
                if not self._waiting[lane]:
                    del self._waiting[lane]
                    return
                work = self._waiting[lane].popleft()
            try:
                work()
            except Exception:  # the others of the lane are still to be done
                traceback.print_exc()


class Client:
    """One connected program. Its tables wait here between `read` and `take`, and go when it goes."""

    _numbers = itertools.count(1)

    def __init__(self, worker: Worker, connection: socket.socket) -> None:
        self._worker = worker
        self._connection = connection
        self._number = next(self._numbers)
        self._sending = threading.Lock()
        self._unsent: deque[bytes] = deque()
        self._tables: dict[int, Any] = {}
        self._open: set[int] = set()
        self._cancelled: set[int] = set()
        self._gone = False
        self.greeted = False

    def serve(self) -> None:
        try:
            with self._connection.makefile("r", encoding="utf-8", newline="\n") as lines:
                for line in lines:
                    self._receive(json.loads(line))
        except (OSError, ValueError):
            traceback.print_exc()
        finally:
            self._gone = True
            self._tables.clear()
            self._connection.close()
            self._worker.left(self)

    def _receive(self, request: Message) -> None:
        op = request["op"]
        if op == "cancel":
            if request["target"] in self._open:
                self._cancelled.add(request["target"])
            self._tables.pop(request["target"], None)
            self._worker.touch()
        elif op in ("hello", "status", "stop"):
            self._answer(request, getattr(self, f"_{op}"))
        elif not self.greeted:
            self._answer(request, self._refuse)
        else:
            self._open.add(request["id"])
            lane = (request["library"], request["symbol"]) if op in IN_ORDER else None
            self._worker.lanes.run(lane, lambda: self._work(request, self._handler(op)))

    def _handler(self, op: str) -> Callable[[Message], Message]:
        store = self._worker.store
        handlers: dict[str, Callable[[Message], Message]] = {
            "health": store.health,
            "claim": lambda request: store.claim(request, self._number),
            "list": store.list_symbols,
            "describe": store.describe,
            "write": store.write,
            "delete": store.delete,
            "versions": store.versions,
            "restore": store.restore,
            "prune": store.prune,
            "snapshot": store.snapshot,
            "snapshots": store.snapshots,
            "snapshot_symbols": store.snapshot_symbols,
            "delete_snapshot": store.delete_snapshot,
            "read": self._read,
            "take": self._take,
        }
        return handlers.get(op, self._refuse)

    def _work(self, request: Message, work: Callable[[Message], Message]) -> None:
        self._worker.began()
        try:
            answer = self._answer(request, work)
            if answer is not None:
                self._worker.store.tidy(request, answer)
        finally:
            self._worker.ended()

    def _answer(self, request: Message, work: Callable[[Message], Message]) -> Optional[Message]:
        """What it answered; None for a failure."""
        number = request["id"]
        done: Optional[Message] = None
        try:
            if self._gone or number in self._cancelled:
                raise Failure("cancelled", "It was cancelled before it began.")
            if request["op"] in CHANGES:
                self._worker.store.require_claim(request, self._number)
            answer = work(request)
            reply = json.dumps({"id": number, "ok": answer})
            done = answer
        except BaseException as error:
            if not isinstance(error, Failure) and code_of(error) != "not_found":
                traceback.print_exc()
            failure = {"code": code_of(error), "message": f"{error}" or type(error).__name__}
            reply = json.dumps({"id": number, "error": failure})
        self._open.discard(number)
        self._send(reply)
        if number in self._cancelled:
            self._cancelled.discard(number)
            self._tables.pop(number, None)
        return done

    def _send(self, reply: str) -> None:
        """Waits for nobody: a program that was stopped and reads nothing may not hold a thread that others need."""
        data = f"{reply}\n".encode()
        with self._sending:
            if not self._unsent:
                try:
                    data = data[self._connection.send(data, socket.MSG_DONTWAIT) :]
                except BlockingIOError:
                    pass
                except OSError:
                    return  # it is gone; what it asked for is done all the same
                if not data:
                    return
                threading.Thread(target=self._send_rest, daemon=True).start()
            self._unsent.append(data)

    def _send_rest(self) -> None:
        while True:
            with self._sending:
                if not self._unsent:
                    return
                data = self._unsent[0]
            try:
                self._connection.sendall(data)
            except OSError:
                data = b""
            with self._sending:
                if data:
                    self._unsent.popleft()
                else:
                    self._unsent.clear()

    def _refuse(self, request: Message) -> Message:
        raise Failure("bad_request", f"{request['op']} is not known here.")

    def _hello(self, request: Message) -> Message:
        if request["protocol"] != PROTOCOL:
            raise Failure("address", f"This worker speaks protocol {PROTOCOL}.")
        self._worker.store.address(request["uri"])
        self._worker.greet(self, request)
        return {"pid": os.getpid(), "protocol": PROTOCOL}

    def _status(self, _request: Message) -> Message:
        return self._worker.status()

    def _stop(self, request: Message) -> Message:
        return self._worker.stop(bool(request.get("force")))

    def _read(self, request: Message) -> Message:
        table, answer = self._worker.store.read(request)
        if table.nbytes <= SMALL:
            return {**answer, "data": self._worker.store.inline(table)}
        self._tables[request["id"]] = table
        return answer

    def _take(self, request: Message) -> Message:
        """Writes the table of an earlier `read`, or some of its rows, to a file. It stays until that `read` is cancelled."""
        table = self._tables.get(request["table"])
        if table is None:
            raise Failure("table_gone", "That table is not here any more.")
        if request.get("rows") is not None:
            first, end = request["rows"]
            table = table.slice(first, end - first)
        self._worker.store.export(table, request["path"])
        if self._gone or request["id"] in self._cancelled:
            remove(request["path"])
        return {}


# ---------- The process ----------


class Worker:
    def __init__(self, path: str, idle: float) -> None:
        self._path = path
        self._idle = idle
        self._where = ""
        self._started = time.time()
        self._last = time.monotonic()
        self._lock = threading.Lock()
        self._clients: set[Client] = set()
        self._running = 0
        self._rested = True
        self._stopping = False
        self.modules = Modules()
        self.store = Store(self.modules)
        self.lanes = Lanes(max(8, 2 * (os.cpu_count() or 1)))

    def touch(self) -> None:
        self._last = time.monotonic()

    def began(self) -> None:
        with self._lock:
            self._running += 1
            if self._running == 1:
                faulthandler.dump_traceback_later(STUCK)  # into the log, where it tells what hangs

    def ended(self) -> None:
        with self._lock:
            self._running -= 1
            self._rested = False
            if self._running == 0:
                faulthandler.cancel_dump_traceback_later()
        self.touch()

    def _rest(self) -> None:
        """Gives memory back once nothing was done for a while."""
        with self._lock:
            if self._rested or self._running > 0 or time.monotonic() - self._last < REST:
                return
            self._rested = True
        give_back_memory(self.modules.pa)

    def _tidy(self) -> None:
        """Removes superfluous versions once nothing was done for a moment."""
        with self._lock:
            if self._running > 0 or time.monotonic() - self._last < QUIET:
                return
        for lane in self.store.to_sweep():
            self.lanes.run(lane, lambda lane=lane: self.store.sweep(lane))

    def greet(self, client: Client, request: Message) -> None:
        with self._lock:
            if self._stopping:
                raise Failure("stopping", "This worker is ending.")
            self._idle = float(request["idle"])
            self._where = str(request["where"])
            client.greeted = True
            self._clients.add(client)

    def left(self, client: Client) -> None:
        with self._lock:
            self._clients.discard(client)
        if client.greeted:
            self.touch()

    def status(self) -> Message:
        with self._lock:
            return {
                "pid": os.getpid(),
                "started": int(self._started * 1000),
                "users": len(self._clients),
                "where": self._where,
            }

    def stop(self, force: bool) -> Message:
        with self._lock:
            if self._clients and not force:
                return {"stopping": False}
            self._stopping = True
            return {"stopping": True}

    def _done(self) -> bool:
        with self._lock:
            # The program that started it gets time to connect, however short the idle time is.
            allowed = self._idle if self._where else max(self._idle, FIRST_CLIENT)
            idle = not self._clients and time.monotonic() - self._last >= allowed
            self._stopping = self._stopping or idle
            return self._stopping

    def run(self) -> None:
        remove(self._path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(self._path)
            listener.listen(128)
            # From here on a program that connects is either greeted or sees its connection closed, and then tries again.
            while not self._done():
                self._rest()
                self._tidy()
                ready, _, _ = select.select([listener], [], [], min(1.0, max(0.05, self._idle / 4)))
                if ready:
                    connection, _ = listener.accept()
                    if is_own(connection):
                        threading.Thread(target=Client(self, connection).serve, daemon=True).start()
                    else:
                        connection.close()
            remove(self._path)
        if self._running == 0:
            for lane in self.store.to_sweep():
                self.store.sweep(lane)
        time.sleep(0.05)  # the answer to `stop` is on its way
        sys.stdout.flush()
        os._exit(0)


def is_own(connection: socket.socket) -> bool:
    """Whether the program at the other end is this user's. Elsewhere than on Linux the folder of the socket alone sees to that."""
    if not sys.platform.startswith("linux"):
        return True
    # struct ucred: pid, uid, gid, each of 4 bytes.
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return bool(uid == os.geteuid())


def give_back_memory(pa: Any) -> None:
    """Freed memory goes back to the system; without this a large read would keep it for as long as the process lives."""
    if pa is not None:
        pa.default_memory_pool().release_unused()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        pass


def remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def main() -> None:
    path, idle = sys.argv[1], float(sys.argv[2])
    faulthandler.enable()
    held = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # another worker serves this socket
    os.ftruncate(held, 0)
    os.write(held, str(os.getpid()).encode())
    Worker(path, idle).run()


if __name__ == "__main__":
    main()
