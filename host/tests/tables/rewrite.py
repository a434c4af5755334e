#!/usr/bin/env python3
"""Writes tables anew with pandas, pyarrow, fastparquet, NumPy and openpyxl, as people do: rewrite.py FROM TO

FROM holds the folders npz, npy, csv and parquet as `rasika export` writes them. Each case becomes a folder of takes in TO;
the line that is printed for it is the folder's name, and for a case that must be refused what its refusal has to say."""
import csv, functools, os, shutil, sys

import warnings

warnings.simplefilter("ignore")  # what pandas will do one day
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

source, out = sys.argv[1:3]
takes = pd.read_csv(f"{source}/csv/takes.csv", dtype={"performer": str})
ids = list(takes["take"])


def case(name, write=None, ending=None, listed=None, refused=""):
    """A folder: `write(id, path)` writes each table, or they are copied; `listed(path)` writes the list."""
    folder = f"{out}/{name}"
    os.makedirs(folder)
    shutil.copy(f"{source}/csv/takes.csv", folder)
    if listed:
        listed(f"{folder}/takes.csv")
    for id in ids:
        if write:
            write(id, f"{folder}/{id}.{ending}")
        else:
            shutil.copy(f"{source}/npz/{id}.npz", folder)
    print(name, refused, sep="\t")


@functools.lru_cache
def lists(id):
    return pd.read_parquet(f"{source}/parquet/{id}.parquet")


@functools.lru_cache
def flat(id):
    return pd.read_csv(f"{source}/csv/{id}.csv")


def whole(frame):
    return frame.astype({name: "int64" for name in ("frame", "width", "height")})


# Parquet, through both of pandas' engines and every compression.
for compression in (None, "snappy", "gzip", "zstd", "lz4", "brotli"):
    case(f"pandas-pyarrow-{compression}", lambda id, path: lists(id).to_parquet(path, engine="pyarrow", compression=compression), "parquet")
    fast = {"lz4": "LZ4_RAW"}.get(compression, compression and compression.upper())
    case(f"pandas-fastparquet-{compression}", lambda id, path: flat(id).to_parquet(path, engine="fastparquet", compression=fast), "parquet")
case("fastparquet-lists", lambda id, path: lists(id).map(lambda v: v.tolist() if isinstance(v, np.ndarray) else v).to_parquet(path, engine="fastparquet", object_encoding={n: "utf8" if n in ("take", "label") else "json" for n in lists(id).select_dtypes(["object", "str"]).columns}), "parquet")
for engine in ("pyarrow", "fastparquet"):
    case(f"{engine}-whole-numbers", lambda id, path: whole(flat(id)).to_parquet(path, engine=engine), "parquet")
    case(f"{engine}-categories", lambda id, path: flat(id).astype({"label": "category", "take": "category"}).to_parquet(path, engine=engine), "parquet")
    case(f"{engine}-index", lambda id, path: flat(id).set_index("frame").to_parquet(path, engine=engine, index=True), "parquet")
    case(f"{engine}-rows-chosen", lambda id, path: flat(id).iloc[[*range(len(flat(id)))]].set_axis([7 * n for n in range(len(flat(id)))]).to_parquet(path, engine=engine), "parquet")
case("null-columns", lambda id, path: lists(id).assign(hand_2=lists(id)["hand_2"].where(lists(id)["hand_2"].notna(), None)).to_parquet(path), "parquet")


def arrow(id, change, **options):
    return lambda path: pq.write_table(change(pq.read_table(f"{source}/parquet/{id}.parquet")), path, **options)


def retyped(table, kind):
    for at, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            wide = len(next((v for v in table[field.name] if v.is_valid), []))
            if wide:
                table = table.set_column(at, field.name, pa.array(table[field.name].to_pylist(), kind(wide)))
    return table


for name, change, options in (
    ("pages-of-version-2", lambda t: t, {"data_page_version": "2.0", "compression": "zstd"}),
    ("pages-of-version-2-gzip", lambda t: t, {"data_page_version": "2.0", "compression": "gzip"}),
    ("small-groups", lambda t: t, {"row_group_size": 1, "use_dictionary": False}),
    ("large-lists", lambda t: retyped(t, lambda wide: pa.large_list(pa.float64())), {}),
    ("lists-of-fixed-size", lambda t: retyped(t, lambda wide: pa.list_(pa.float32(), wide)), {}),
    ("byte-stream-split", lambda t: t, {"use_dictionary": False, "column_encoding": {"time_ms": "BYTE_STREAM_SPLIT", "frame": "BYTE_STREAM_SPLIT"}}),
    ("more-columns", lambda t: t.append_column("note", pa.array(["x"] * len(t))), {}),
    ("yes-and-no", lambda t: t.set_column(t.schema.get_field_index("hand_1_right"), "hand_1_right", t["hand_1_right"].cast(pa.bool_())), {}),
):
    case(f"pyarrow-{name}", lambda id, path: arrow(id, change, **options)(path), "parquet")


# NumPy.
def arrays(id):
    return dict(np.load(f"{source}/npz/{id}.npz"))


def small(name, array):
    return array.astype({"frame": "<i8", "width": ">u2", "height": "<i4", "time_ms": ">f8"}.get(name, array.dtype))


case("savez", lambda id, path: np.savez(path, **arrays(id)), "npz")
case("savez-compressed", lambda id, path: np.savez_compressed(path, **arrays(id)), "npz")
case("fortran", lambda id, path: np.savez(path, **{name: np.asfortranarray(array) for name, array in arrays(id).items()}), "npz")
case("float64", lambda id, path: np.savez(path, **{name: array.astype("f8") for name, array in arrays(id).items()}), "npz")
case("other-kinds", lambda id, path: np.savez(path, **{name: small(name, array) for name, array in arrays(id).items()}), "npz")
case("npy-fortran", lambda id, path: np.save(path, np.asfortranarray(np.load(f"{source}/npy/{id}.npy"))), "npy")

# CSV.
case("csv-index", lambda id, path: flat(id).to_csv(path), "csv")
case("csv-german", lambda id, path: flat(id).to_csv(path, index=False, sep=";", decimal=","), "csv")
case("csv-excel", lambda id, path: flat(id).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n"), "csv")
case("csv-nan", lambda id, path: flat(id).to_csv(path, index=False, na_rep="NaN"), "csv")
case("csv-tabs", lambda id, path: flat(id).to_csv(path, index=False, sep="\t"), "csv")


# The list, through pandas and through a workbook.
def excel(path, **dialect):
    book = openpyxl.Workbook()
    for row in [list(takes.columns), *takes.fillna("").values.tolist()]:
        book.active.append(row)
    book.save(path + ".xlsx")
    cells = openpyxl.load_workbook(path + ".xlsx").active.values
    os.remove(path + ".xlsx")
    said = lambda cell: "" if cell is None else str(cell).upper() if isinstance(cell, bool) else cell
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, lineterminator="\r\n", **dialect).writerows([[said(cell) for cell in row] for row in cells])


case("list-pandas", listed=lambda path: takes.to_csv(path))
case("list-floats", listed=lambda path: takes.astype({"width": float, "height": float, "started_unix_ms": float, "mirrored": int}).to_csv(path, index=False))
case("list-excel", listed=excel)
case("list-excel-german", listed=lambda path: excel(path, delimiter=";"))

# What cannot be read is refused with its reason.
case("utf-16", lambda id, path: flat(id).to_csv(path, index=False, encoding="utf-16", sep="\t"), "csv", refused="UTF-16")
case("list-utf-16", listed=lambda path: takes.to_csv(path, index=False, encoding="utf-16"), refused="takes.csv|UTF-16")
case("workbook", lambda id, path: (takes.to_excel(path + ".xlsx"), os.rename(path + ".xlsx", path)), "csv", refused="workbook")
case("labels-differ", lambda id, path: flat(id).assign(label="bibhatsa").to_parquet(path), "parquet", refused=".parquet|row 1|bibhatsa|takes.csv")
case("labels-differ-csv", lambda id, path: flat(id).assign(label="bibhatsa").to_csv(path), "csv", refused=".csv|line 2|bibhatsa|takes.csv")
case("pickled", lambda id, path: np.savez(path, **{**arrays(id), "face": np.array([None, {}] * 9)}), "npz", refused=".npz|array face|'|O'".replace("'|O'", "O'"))
case("no-face", lambda id, path: flat(id).drop(columns="face_7_y").to_parquet(path), "parquet", refused="column face|face_7_y")
case("short-lists", lambda id, path: lists(id).assign(blendshapes=[[0.5] * 51] * len(lists(id))).to_parquet(path), "parquet", refused="blendshapes|row 1 has 51 numbers")
case("dates", lambda id, path: flat(id).assign(time_ms=pd.Timestamp("2026-01-01")).to_parquet(path), "parquet", refused="time_ms|dates")
