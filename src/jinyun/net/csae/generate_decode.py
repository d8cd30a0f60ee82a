"""The decoding half of :mod:`jinyun.net.csae.generate`: ``function(n, r) -> (value, r)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinyun.net.csae import runtime
from jinyun.net.csae.generate import _BIT_TABLE, Source, bit_values, identifier
from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Dictionary,
    Enumerated,
    Integer,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)

Use = Callable[[str], None]
"""Emits what is done with the value whose expression it is given."""


class Decoder(Source):
    """Writes the decoding function of one type; ``function_of`` gives that of another by name."""

    def __init__(self, dictionary: Dictionary, function_of: Callable[[str], runtime.Decode]) -> None:
        super().__init__(dictionary, "function(n, r)")
        self.function_of = function_of
        self.run: list[tuple[int, Callable[[str, int], None]]] = []

    # -- runs ----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Read the pending run at once and let each of its members take its bits."""
        run, self.run = self.run, []
        left = sum(width for width, _ in run)
        if not left:
            return
        window = self.fresh("w")
        self.line(f"r -= {left}")
        self.line(f"{window} = n >> r & {(1 << left) - 1:#x}")
        for width, take in run:
            left -= width
            take(window, left)

    def bits(self, width: int, take: Callable[[str, int], None]) -> None:
        """Add ``width`` bits to the run."""
        self.run.append((width, take))

    def fixed(self, of: Type, window: str, shift: int, refused: list[str]) -> str:
        """Return the expression of a value of constant width that ends ``shift`` bits above the window's end."""
        shape = self.dictionary.shape(of)
        width = self.width(of) or 0
        raw = f"{window} >> {shift}" if shift else window
        raw = f"{raw} & {(1 << width) - 1:#x}"
        match shape:
            case Integer():
                variable = raw
                if shape.high - shape.low != (1 << shape.width) - 1:
                    variable = self.fresh("x")
                    self.line(f"{variable} = {raw}")
                    refused.append(f"{variable} > {shape.high - shape.low}")
                elif shape.low:
                    variable = f"({raw})"
                return f"{variable} {'-' if shape.low < 0 else '+'} {abs(shape.low)}" if shape.low else variable
            case Boolean():
                return f"{raw} == 1"
            case Enumerated():
                # an index beyond the names raises by itself; so does the extension bit, which stands above it
                return f"{self.table(shape.names)}[{raw}]"
            case BitString():
                if shape.size <= _BIT_TABLE:
                    return f"{self.constant(bit_values(shape.size), f'B{shape.size}')}[{raw}]"
                variable = self.fresh("x")
                self.line(f"{variable} = {raw}")
                if shape.extensible:
                    refused.append(f"{variable} >> {shape.size}")
                shifted = f"({variable} << {-shape.size % 8})" if shape.size % 8 else variable
                return f"({shifted}.to_bytes({(shape.size + 7) // 8}, 'big'), {shape.size})"
            case OctetString():
                return f"({raw}).to_bytes({shape.low}, 'big')"
            case Sequence():
                if shape.additions is not None:
                    refused.append(f"{window} >> {shift + width - 1} & 1")
                    width -= 1
                parts = []
                for member in shape.members:
                    width -= self.width(member.type) or 0
                    parts.append(f"{member.name!r}: {self.fixed(member.type, window, shift + width, refused)}")
                return f"{{{', '.join(parts)}}}"
        raise TypeError(f"{shape!r} has no constant width")

    # -- values --------------------------------------------------------------------------------------------------

    def value(self, of: Type, use: Use) -> None:
        """Read a value of any type; what is of constant width only joins the run."""
        width = self.width(of)
        if width is not None:

            def take(window: str, shift: int) -> None:
                refused: list[str] = []
                expression = self.fixed(of, window, shift, refused)
                self.require(refused)
                use(expression)

            self.bits(width, take)
            return
        shape = self.dictionary.shape(of)
        if isinstance(of, Named) and isinstance(shape, (Sequence, Choice)) and not self.inlined(of):
            self.flush()
            variable = self.fresh("x")
            self.line(f"{variable}, r = {self.call(of.name)}(n, r)")
            use(variable)
        elif isinstance(shape, Sequence):
            use(self.sequence(shape))
        else:
            use(self.varying(of))

    def call(self, name: str) -> str:
        """Return the name of another type's function."""
        return self.constant(self.function_of(name), f"decode_{identifier(name)}")

    def varying(self, of: Type) -> str:
        """Read a value whose width varies, that is no sequence; return its variable."""
        shape = self.dictionary.shape(of)
        variable = self.fresh("x")
        match shape:
            case Integer():
                self.not_extended()
                self.value(Integer(shape.low, shape.high), lambda expression: self.line(f"{variable} = {expression}"))
                self.flush()
            case OctetString() if shape.high is None:
                self.flush()
                self.line(f"{variable}, r = {self.constant(runtime.octets, 'octets')}(n, r)")
            case OctetString():
                count = self.counted(shape.low, shape.high or 0, shape.extensible)
                self.line(f"r -= 8 * {count}")
                self.line(f"{variable} = (n >> r & (1 << 8 * {count}) - 1).to_bytes({count}, 'big')")
            case Characters():
                count = self.counted(shape.low, shape.high, False)
                self.line(f"r -= 7 * {count}")
                text = self.constant(runtime.text, "text")
                self.line(f"{variable} = {text}(n >> r & (1 << 7 * {count}) - 1, {count})")
            case SequenceOf():
                self.sequence_of(shape, variable)
            case Choice():
                self.choice(shape, variable)
            case _:
                raise TypeError(f"{shape!r} is not expected here")
        return variable

    def not_extended(self) -> None:
        """Read an extension bit and give up where it is set."""
        self.bits(1, lambda window, shift: self.line(f"if {window} >> {shift} & 1: raise NotPlain"))

    def counted(self, low: int, high: int, extensible: bool) -> str:
        """Read a count within bounds; return its variable."""
        if extensible:
            self.not_extended()
        if low == high:
            self.flush()
            return str(low)
        count = self.fresh("c")
        self.value(Integer(low, high), lambda expression: self.line(f"{count} = {expression}"))
        self.flush()
        return count

    def sequence_of(self, shape: SequenceOf, variable: str) -> None:
        if shape.high is None:
            self.flush()
            count = self.fresh("c")
            self.line(f"{count}, r = {self.constant(runtime.length, 'length')}(n, r)")
        else:
            count = self.counted(shape.low, shape.high, False)
        element = self.dictionary.shape(shape.element)
        varies = self.width(shape.element) is None and isinstance(element, (Sequence, Choice))
        if varies and isinstance(shape.element, Named):
            function, many = self.call(shape.element.name), self.constant(runtime.elements, "elements")
            self.line(f"{variable}, r = {many}({function}, n, r, {count}, {self.most(shape.element)})")
            return
        self.line(f"{variable} = []")
        self.line(f"for _ in range({count}):")
        self.depth += 1
        self.value(shape.element, lambda expression: self.line(f"{variable}.append({expression})"))
        self.flush()
        self.depth -= 1

    def choice(self, shape: Choice, variable: str) -> None:
        index = self.fresh("i")
        width = shape.width + (shape.additions is not None)
        if width:
            mask = (1 << width) - 1
            self.bits(width, lambda window, shift: self.line(f"{index} = {window} >> {shift} & {mask}"))
        self.flush()
        for i, member in enumerate(shape.members):
            if width:
                self.line(f"{'if' if i == 0 else 'elif'} {index} == {i}:")
                self.depth += 1
            self.value(member.type, lambda e, name=member.name: self.line(f"{variable} = ({name!r}, {e})"))  # type: ignore[misc]
            self.flush()
            if width:
                self.depth -= 1
        if shape.additions:
            # the bits read as an index are the extension bit and the first of a small number, which has seven
            self.line(f"elif {index} >> {shape.width}:")
            self.depth += 1
            self.line(f"r -= {7 - shape.width}")
            self.line(f"{index} = n >> r & 127")
            for i, member in enumerate(shape.additions):
                self.line(f"{'if' if i == 0 else 'elif'} {index} == {i}:")
                self.depth += 1
                self.line(f"{variable} = ({member.name!r}, {self.open_value(member.type)})")
                self.depth -= 1
            self.line("else: raise NotPlain")
            self.depth -= 1
        if width:
            self.line("else: raise NotPlain")

    def open_value(self, of: Type) -> str:
        """Read a known extension addition, which has a type with a name; return its variable."""
        assert isinstance(of, Named)
        variable = self.fresh("x")
        self.line(f"{variable}, r = {self.constant(runtime.open_value, 'open_value')}({self.call(of.name)}, n, r)")
        return variable

    def sequence(self, shape: Sequence) -> str:
        """Read a sequence; return the variable of its dict."""
        target, preamble = self.fresh("d"), self.fresh("p")
        optionals = len(shape.optionals)
        width = optionals + (shape.additions is not None)
        first: list[str] | None = []

        def take(window: str, shift: int) -> None:
            raw = f"{window} >> {shift}" if shift else window
            self.line(f"{preamble} = {raw} & {(1 << width) - 1}")
            if shape.additions is not None and not shape.additions:
                self.line(f"if {preamble} >> {optionals}: raise NotPlain")

        if width:
            self.bits(width, take)

        def put(name: str) -> Use:
            def use(expression: str) -> None:
                nonlocal first
                if first is None:
                    self.line(f"{target}[{name!r}] = {expression}")
                else:
                    first.append(f"{name!r}: {expression}")

            return use

        def begin() -> None:
            """Write the members read so far into the new dict."""
            nonlocal first
            if first is not None:
                self.line(f"{target} = {{{', '.join(first)}}}")
                first = None

        seen = 0
        for member in shape.members:
            if not member.optional:
                self.value(member.type, put(member.name))
                continue
            self.flush()
            begin()
            seen += 1
            self.line(f"if {preamble} & {1 << optionals - seen}:")
            self.depth += 1
            self.value(member.type, put(member.name))
            self.flush()
            self.depth -= 1
        if first is not None:
            self.flush()
            begin()
        if shape.additions:
            self.flush()
            self.additions(shape, preamble, target)
        return target

    def additions(self, shape: Sequence, preamble: str, target: str) -> None:
        """Read the extension additions, where the sender knows exactly those that we know."""
        known = shape.additions or ()
        self.line(f"if {preamble} >> {len(shape.optionals)}:")
        self.depth += 1
        width = 7 + len(known)
        bitmap = self.fresh("p")
        self.line(f"r -= {width}")
        self.line(f"{bitmap} = n >> r & {(1 << width) - 1}")
        self.require([f"{bitmap} >> {len(known)} != {len(known) - 1}", f"not {bitmap} & {(1 << len(known)) - 1}"])
        for i, member in enumerate(known):
            self.line(f"if {bitmap} & {1 << len(known) - 1 - i}:")
            self.depth += 1
            self.line(f"{target}[{member.name!r}] = {self.open_value(member.type)}")
            self.depth -= 1
        self.depth -= 1


def decoder(dictionary: Dictionary, name: str, function_of: Callable[[str], runtime.Decode]) -> runtime.Decode:
    """Return the decoding function of a type: ``(n, bits left) -> (value, bits left)``.

    It raises whatever comes up, of which :class:`~jinyun.net.csae.runtime.NotPlain`, ``ValueError`` and ``IndexError``
    are the expected, for all that is not a plain value of the type.
    """
    source = Decoder(dictionary, function_of)
    of = Named(name)
    result: list[str] = []
    shape = dictionary.shape(of)
    if isinstance(shape, Sequence) and source.width(of) is None:
        result.append(source.sequence(shape))
    elif isinstance(shape, Choice):
        result.append(source.varying(of))
    else:
        source.value(of, result.append)
    source.flush()
    source.line(f"return {result[0]}, r")
    function: Any = source.compile(name)
    return function  # type: ignore[no-any-return]
