"""A message type compiled for batches: a short program over columns, the same for reading and for writing.

Every SEQUENCE OF becomes a table (and the message itself the table ``messages``), every leaf a column of the table whose
row it belongs to. The program is data, so one kernel runs every message type of every dialect. Names are the paths of the
standard::

    messages                    pos.lat, speed, accelSet.yaw, safetyExt?, safetyExt.events ...
    participants                parent, ptcType, pos.offsetLL, pos.offsetLL.lon, vehicleClass.classification ...
    nodes.inLinks.lanes.points  parent, posOffset.offsetLL, posOffset.offsetLL.lon ...

``parent`` is the row of the enclosing table. A list's own name is a column of that table: how many elements it has. The
name of a CHOICE is the index of its alternative; alternatives alike in shape share their columns. An optional sequence
(or a number too wide for four octets) has a column ``name?`` that is 1 where it is present. A text or a long octet
string is a table of its octets, column ``value``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Dictionary,
    Enumerated,
    Integer,
    Member,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Shape,
    Type,
)
from jinyun.net.csae.types import dictionary, message_ids

LEAF, LEAF_OPT, PRE, OPT, INTS, WIDE, LIST, END_LIST, CHOICE, JUMP, EXT, END = range(12)
"""What an instruction does; see :class:`Program`."""

KIND, WIDTH, LOW, SPAN, COLUMN, REGISTER, BIT, EXTRA = range(8)
"""The places of an instruction's operands: eight, which is a cache line."""

PLAIN, UNBOUNDED, EXTENSIBLE = range(3)
"""How the count of a LIST is written, in its BIT."""

NO_COLUMN = -1
FIRST_STAGE = ("bsmFrame", "mapFrame", "rsmFrame", "spatFrame", "rsiFrame")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its path within its table, the name of its type ("" where it has none), the shape, and if it is wide."""

    name: str
    type: str
    shape: Shape | None
    wide: bool = False


@dataclass(slots=True)
class TableSchema:
    """A table: its path, the index of its parent (-1 for ``messages``), its columns, and the bits of a row.

    ``least`` is the fewest bits of one row with all that hangs on it, ``most`` the most without its lists' elements.
    """

    path: str
    parent: int
    least: int = 0
    most: int = 0
    columns: list[Column] = field(default_factory=list)


@dataclass(frozen=True)
class Program:
    """The compiled type of one kind of frame.

    ``code`` has one row per instruction: LEAF and LEAF_OPT a number into a column, PRE a preamble into a register, OPT
    what a bit of it makes optional, INTS a choice among numbers of different width, WIDE up to 64 bits, LIST and END_LIST
    the elements of a list, CHOICE and JUMP the alternatives, EXT the extension additions of a sequence.
    """

    frame: int  # index of the MessageFrame alternative, -1 for a second-stage message
    message_id: int
    code: NDArray[np.int64]
    alternatives: NDArray[np.int64]  # width, low, span of each number of each alternative of INTS
    targets: NDArray[np.int64]  # where each alternative of CHOICE begins
    presence: NDArray[np.int64]  # the columns that decide the bits of each PRE
    tables: tuple[TableSchema, ...]
    first_column: NDArray[np.int64]  # of each table, counting all narrow columns
    first_wide: NDArray[np.int64]
    counts: tuple[tuple[int, int], ...]  # narrow and wide columns of each table
    names: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # of the narrow and the wide columns of each table
    bounds: NDArray[np.int64]  # [table, narrow or wide] -> its first column and the one behind its last
    owners: tuple[NDArray[np.int64], NDArray[np.int64]]  # the table of each narrow and each wide column
    numbers: tuple[NDArray[np.int64], NDArray[np.int64]]  # its number within that table
    parents: NDArray[np.int64]  # the column "parent" of each table, of ``messages`` any
    list_columns: NDArray[np.int64]  # the column in the parent that counts each table's rows, of ``messages`` any

    def path(self, column: int) -> str:
        """Return the path of a narrow column, or of wide column ``-1 - column``."""
        wide = column < 0
        first = self.first_wide if wide else self.first_column
        number = -1 - column if wide else column
        table = max(t for t in range(len(self.tables)) if first[t] <= number and self.counts[t][wide])
        return f"{self.tables[table].path}.{self.names[table][wide][number - int(first[table])]}"


class _Compiler:
    """Walks a type and writes instructions; column numbers stay per table until :meth:`link`."""

    def __init__(self, types: Dictionary) -> None:
        self.types = types
        self.code: list[list[int]] = []
        self.owner: list[int] = []  # the table whose columns each instruction names
        self.alternatives: list[tuple[int, int, int]] = []
        self.targets: list[int] = []
        self.presence: list[tuple[int, int]] = []  # (table, narrow column)
        self.tables = [TableSchema("messages", -1)]

    def emit(self, table: int, kind: int, operands: dict[int, int]) -> int:
        """Append an instruction; return where it stands."""
        row = [0] * 8
        row[KIND] = kind
        row[COLUMN] = NO_COLUMN
        for place, value in operands.items():
            row[place] = value
        self.code.append(row)
        self.owner.append(table)
        return len(self.code) - 1

    def column(self, table: int, name: str, of: Type | None, wide: bool = False) -> int:
        """Add a column to a table; return its number among the narrow or the wide ones."""
        shape = None if of is None else self.types.shape(of)
        self.tables[table].columns.append(Column(name, of.name if isinstance(of, Named) else "", shape, wide))
        return self.counts(table)[wide] - 1

    def counts(self, table: int) -> tuple[int, int]:
        """Return how many narrow and wide columns a table has so far."""
        wide = sum(c.wide for c in self.tables[table].columns)
        return len(self.tables[table].columns) - wide, wide

    def grow(self, table: int, bits: int) -> None:
        """Note that every row of a table has so many bits more."""
        self.tables[table].least += bits
        self.tables[table].most += bits

    # -- what a leaf is --------------------------------------------------------------------------------------------

    def alike(self, shape: Choice) -> list[list[Member]] | None:
        """Return the numbers of each alternative where all alternatives have the same ones by name, else None."""
        rows: list[list[Member]] = []
        for member in shape.members:
            inner = self.types.shape(member.type)
            if isinstance(inner, Integer):
                rows.append([Member("value", member.type)])
            elif isinstance(inner, Sequence) and not inner.optionals and inner.additions is None:
                rows.append(list(inner.members))
            else:
                return None
        numbers = all(isinstance(self.types.shape(m.type), Integer) for row in rows for m in row)
        same = len({tuple(m.name for m in row) for row in rows}) == 1
        return rows if numbers and same and shape.additions is None else None

    # -- types -----------------------------------------------------------------------------------------------------

    def value(self, table: int, path: str, of: Type, depth: int) -> None:
        """Write a value that is there."""
        shape = self.types.shape(of)
        number = narrow(shape)
        if number is not None:
            width, low, span, extensible = number
            self.grow(table, width)
            column = self.column(table, path, of)
            self.emit(table, LEAF, {WIDTH: width, LOW: low, SPAN: span, COLUMN: column, EXTRA: extensible})
            return
        bits = wide(shape)
        if bits is not None:
            self.grow(table, bits[0])
            column = self.column(table, path, of, wide=True)
            self.emit(table, WIDE, {WIDTH: bits[0], COLUMN: column, EXTRA: bits[1]})
            return
        match shape:
            case OctetString():
                self.list_of(table, path, Integer(0, 255), shape, depth)
            case Characters():
                self.list_of(table, path, Integer(0, 127), shape, depth)
            case SequenceOf():
                self.list_of(table, path, shape.element, shape, depth)
            case Sequence():
                self.sequence(table, path, shape, depth)
            case Choice():
                self.choice(table, path, of, shape, depth)
            case _:
                raise TypeError(f"{path}: {shape!r} fits no column")

    def optional(self, table: int, path: str, of: Type, depth: int, register: int, bit: int) -> tuple[int, int]:
        """Write a value that a bit of a preamble announces; return the (table, column) that tells if it is there."""
        shape = self.types.shape(of)
        number = narrow(shape)
        least = self.tables[table].least
        first = self.counts(table)
        if number is not None:
            width, low, span, extensible = number
            self.column(table, path, of)
            self.grow(table, width)
            self.tables[table].least = least
            operands = {WIDTH: width, LOW: low, SPAN: span, COLUMN: first[0], EXTRA: extensible}
            self.emit(table, LEAF_OPT, {**operands, REGISTER: register, BIT: bit})
            return table, first[0]
        # a list and a choice say by a column of their own that they are there
        operands = {REGISTER: register, BIT: bit}
        if isinstance(shape, Sequence) or wide(shape) is not None:
            operands[COLUMN] = self.column(table, f"{path}?", None)
        at = self.emit(table, OPT, operands)
        self.value(table, path, of, depth)
        self.code[at][EXTRA] = len(self.code)
        self.tables[table].least = least
        return table, first[0]

    def sequence(self, table: int, path: str, shape: Sequence, depth: int) -> None:
        bits, extension = len(shape.optionals), shape.additions is not None
        prefix = f"{path}." if path else ""
        self.grow(table, bits + extension)
        pre = -1
        if bits or extension:
            pre = self.emit(table, PRE, {WIDTH: bits + extension, REGISTER: depth, BIT: bits})
        presence: list[tuple[int, int]] = []
        for member in shape.members:
            name = prefix + member.name
            if member.optional:
                bit = bits - 1 - len(presence)
                presence.append(self.optional(table, name, member.type, depth + 1, depth, bit))
            else:
                self.value(table, name, member.type, depth + 1)
        if pre >= 0:
            self.code[pre][EXTRA] = len(self.presence)
            self.presence += presence
        if extension:
            self.emit(table, EXT, {REGISTER: depth, BIT: bits, EXTRA: len(shape.additions or ())})

    def list_of(
        self, table: int, path: str, element: Type, shape: SequenceOf | OctetString | Characters, depth: int
    ) -> None:
        how, span = UNBOUNDED, 0
        if shape.high is not None:
            span = shape.high - shape.low
            how = EXTENSIBLE if isinstance(shape, OctetString) and shape.extensible else PLAIN
        width = 8 if how == UNBOUNDED else span.bit_length() + (how == EXTENSIBLE)
        self.grow(table, width)
        column = self.column(table, path, None)
        child = len(self.tables)
        self.tables.append(TableSchema(path if table == 0 else f"{self.tables[table].path}.{path}", table))
        self.column(child, "parent", None)
        operands = {WIDTH: width, LOW: shape.low, SPAN: span, COLUMN: column, REGISTER: child, BIT: how}
        at = self.emit(table, LIST, operands)
        if isinstance(self.types.shape(element), Sequence):
            self.value(child, "", element, depth)
        else:
            self.value(child, "value", element, depth)
        self.emit(child, END_LIST, {EXTRA: at + 1, REGISTER: child})
        self.code[at][EXTRA] = len(self.code)
        self.tables[table].least += shape.low * self.tables[child].least

    def choice(self, table: int, path: str, of: Type, shape: Choice, depth: int) -> None:
        width = shape.width + (shape.additions is not None)
        column = self.column(table, path, of)
        self.grow(table, width)
        schema = self.tables[table]
        rows = self.alike(shape)
        operands = {WIDTH: width, SPAN: len(shape.members) - 1, COLUMN: column}
        if rows is not None:
            for member in rows[0]:
                self.column(table, f"{path}.{member.name}", member.type)
            self.emit(table, INTS, {**operands, EXTRA: len(self.alternatives), BIT: len(rows[0])})
            numbers = [[self.types.shape(m.type) for m in row] for row in rows]
            integers = [[n for n in row if isinstance(n, Integer)] for row in numbers]
            self.alternatives += [(n.width, n.low, n.high - n.low) for row in integers for n in row]
            widths = [sum(n.width for n in row) for row in integers]
            schema.least += min(widths)
            schema.most += max(widths)
            return
        self.emit(table, CHOICE, {**operands, EXTRA: len(self.targets)})
        place = len(self.targets)
        self.targets += [0] * len(shape.members)
        jumps: list[int] = []
        before = schema.least, schema.most
        least, most = [], []
        for i, member in enumerate(shape.members):
            self.targets[place + i] = len(self.code)
            self.value(table, f"{path}.{member.name}", member.type, depth)
            jumps.append(self.emit(table, JUMP, {}))
            least.append(schema.least - before[0])
            most.append(schema.most - before[1])
            schema.least, schema.most = before
        schema.least += min(least)
        schema.most += max(most)
        for jump in jumps:
            self.code[jump][EXTRA] = len(self.code)

    # -- the whole -------------------------------------------------------------------------------------------------

    def link(self, frame: int, message_id: int) -> Program:
        """Number the columns across tables and return the program."""
        counts = np.array([self.counts(t) for t in range(len(self.tables))], np.int64).reshape(-1, 2)
        first = np.cumsum(counts, axis=0) - counts
        code = np.array(self.code, np.int64)
        table_of = np.array(self.owner)
        is_wide = code[:, KIND] == WIDE
        named = code[:, COLUMN] != NO_COLUMN
        code[named & ~is_wide, COLUMN] += first[table_of[named & ~is_wide], 0]
        code[is_wide, COLUMN] += first[table_of[is_wide], 1]
        lists = code[code[:, KIND] == LIST]
        list_columns = np.zeros(len(self.tables), np.int64)
        list_columns[lists[:, REGISTER]] = lists[:, COLUMN]
        owners = [np.repeat(np.arange(len(counts)), counts[:, which]) for which in (0, 1)]
        numbers = [np.arange(len(owner)) - first[owner, which] for which, owner in enumerate(owners)]
        presence = np.array([first[table, 0] + column for table, column in self.presence], np.int64)
        return Program(
            frame=frame,
            message_id=message_id,
            code=code,
            alternatives=np.array(self.alternatives, np.int64).reshape(-1, 3),
            targets=np.array(self.targets, np.int64),
            presence=presence,
            tables=tuple(self.tables),
            first_column=np.ascontiguousarray(first[:, 0]),
            first_wide=np.ascontiguousarray(first[:, 1]),
            counts=tuple((int(n), int(w)) for n, w in counts),
            names=tuple(
                (tuple(c.name for c in t.columns if not c.wide), tuple(c.name for c in t.columns if c.wide))
                for t in self.tables
            ),
            bounds=np.ascontiguousarray(np.stack([first, first + counts], axis=-1)),
            owners=(owners[0], owners[1]),
            numbers=(numbers[0], numbers[1]),
            parents=np.ascontiguousarray(first[:, 0]),
            list_columns=list_columns,
        )


def narrow(shape: Shape) -> tuple[int, int, int, bool] | None:
    """Return (bits, lowest, highest minus lowest, extensible) of what fits a column of int32, else None."""
    match shape:
        case Integer() if shape.low > -(2**31) and shape.high < 2**31:
            return shape.width + shape.extensible, shape.low, shape.high - shape.low, shape.extensible
        case Boolean():
            return 1, 0, 1, False
        case Enumerated():
            return shape.width + shape.extensible, 0, len(shape.names) - 1, shape.extensible
        case BitString() if shape.size < 32:
            return shape.size + shape.extensible, 0, (1 << shape.size) - 1, shape.extensible
        case OctetString() if shape.low == shape.high and shape.low < 4 and not shape.extensible:
            return 8 * shape.low, 0, (1 << 8 * shape.low) - 1, False
    return None


def wide(shape: Shape) -> tuple[int, bool] | None:
    """Return (bits, extensible) of what fits a column of uint64 only, else None."""
    match shape:
        case Integer() if shape.low == 0:
            return shape.width + shape.extensible, shape.extensible
        case OctetString() if shape.low == shape.high and shape.low <= 8 and not shape.extensible:
            return 8 * shape.low, False
    return None


@cache
def program(message: str, dialect: str = "A") -> Program:
    """Return the program of a frame (``bsmFrame``) or of a second-stage message by its type (``SensorSharingMsg``).

    Raises ``ValueError`` where the dialect has no such message.
    """
    types = dictionary(dialect)
    compiler = _Compiler(types)
    if message in FIRST_STAGE:
        frame = types.shape("MessageFrame")
        assert isinstance(frame, Choice)
        index = FIRST_STAGE.index(message)
        compiler.value(0, "", frame.members[index].type, 0)
        compiler.emit(0, END, {})
        return compiler.link(index, -1)
    for number, name in message_ids(dialect).items():
        if name == message:
            compiler.value(0, "", Named(name), 0)
            compiler.emit(0, END, {})
            return compiler.link(-1, number)
    raise ValueError(f"no message {message!r} in dialect {dialect}")
