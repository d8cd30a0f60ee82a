"""Lists as other programs take them (导出): JSON, GeoJSON, CSV and Parquet of the same rows."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import Query, Response

Format = Annotated[
    Literal["json", "geojson", "csv", "parquet"],
    Query(description="`geojson`: places as WGS-84 degrees; `csv`, `parquet`: nested members as dotted columns"),
]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/geo+json": {"schema": {"type": "object"}},
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


def flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return a row whose members of members have dotted names; lists are JSON."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{name}.")
        elif isinstance(value, list | tuple):
            found[before + name] = json.dumps(value, ensure_ascii=False)
        else:
            found[before + name] = value
    return found


def names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of all members in the order in which they first stand."""
    return list(dict.fromkeys(name for row in rows for name in row))


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return CSV in UTF-8 with a mark, so that spreadsheets read Chinese; text that would be a formula is quoted."""
    table = [flat(row) for row in rows]
    out = io.StringIO()
    writer = csv.writer(out)
    columns = names(table)
    writer.writerow(columns)
    for row in table:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value


def as_parquet(rows: Sequence[Mapping[str, Any]], about: Mapping[str, str]) -> bytes:
    """Return one Parquet file; a column whose values are of several kinds is text."""
    table = [flat(row) for row in rows]
    columns: dict[str, pa.Array] = {}
    for name in names(table):
        values = [row.get(name) for row in table]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            columns[name] = pa.array([None if value is None else str(value) for value in values], pa.string())
    out = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata(dict(about)), out)
    return out.getvalue()


def as_geojson(rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> bytes:
    """Return a FeatureCollection (RFC 7946): places from ``lon`` and ``lat``, null where a row has none."""
    features = []
    for row in rows:
        lon, lat = row.get("lon"), row.get("lat")
        known = lon is not None and lat is not None and math.isfinite(lon) and math.isfinite(lat)
        properties = {name: value for name, value in row.items() if name not in ("lon", "lat")}
        place = {"type": "Point", "coordinates": [lon, lat]} if known else None
        features.append({"type": "Feature", "id": row.get("id"), "geometry": place, "properties": properties})
    return json.dumps({"type": "FeatureCollection", **about, "features": features}, ensure_ascii=False).encode()


def answer(
    name: str, rows: Sequence[Mapping[str, Any]], format: str, about: Mapping[str, Any], next: str | None = None
) -> Response:
    """Return ``rows`` in the wished form; ``about`` goes along where the form has room, the next page's cursor always."""
    headers = {"Link": f'<?cursor={next}>; rel="next"', "X-Next-Cursor": next} if next else {}
    if format == "json":
        body = json.dumps({**about, name: list(rows), "next": next}, ensure_ascii=False).encode()
        return Response(body, media_type="application/json", headers=headers)
    if format == "geojson":
        return Response(as_geojson(rows, {**about, "next": next}), media_type="application/geo+json", headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    if format == "csv":
        return Response(as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)
    told = {f"jinyun.{key}": str(value) for key, value in about.items()}
    return Response(as_parquet(rows, told), media_type="application/vnd.apache.parquet", headers=headers)
