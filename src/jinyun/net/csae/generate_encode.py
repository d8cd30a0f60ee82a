"""The encoding half of :mod:`jinyun.net.csae.generate`: ``function(value) -> (bits, number of bits)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinyun.net.csae import runtime
from jinyun.net.csae.generate import Source, identifier
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


class Bits:
    """Bits under construction: a variable that holds them, and how many they are.

    The number is ``self.fixed``, known while writing, plus what ``counter`` holds at run time where anything varied.
    """

    def __init__(self, source: Encoder) -> None:
        self.source = source
        self.variable = source.fresh("v")
        self.counter: str | None = None
        self.fixed = 0
        self.begun = False
        self.run: list[tuple[int, str]] = []

    def put(self, width: int, expression: str) -> None:
        """Add ``width`` bits, given by an expression, to the run."""
        self.run.append((width, expression))

    def flush(self) -> None:
        """Shift the run in."""
        run, self.run = self.run, []
        if not run:
            return
        left = sum(width for width, _ in run)
        self.fixed += left
        terms = [f"{self.variable} << {left}"] if self.begun else []
        for width, expression in run:
            left -= width
            terms.append(f"{expression} << {left}" if left else expression)
        self.source.line(f"{self.variable} = {' | '.join(terms)}")
        self.begun = True

    def varied(self) -> str:
        """Return the counter, which exists from now on."""
        if self.counter is None:
            raise RuntimeError("prepare() comes before a branch")
        return self.counter

    def prepare(self) -> None:
        """Write the run, and make the variable and the counter ready for branches and loops."""
        self.flush()
        if not self.begun:
            self.source.line(f"{self.variable} = 0")
            self.begun = True
        if self.counter is None:
            self.counter = self.source.fresh("k")
            self.source.line(f"{self.counter} = 0")

    def branch(self, write: Callable[[], None]) -> None:
        """Write what happens in a branch or a loop's body: its constant widths go to the counter too."""
        outside, self.fixed = self.fixed, 0
        self.source.depth += 1
        write()
        self.flush()
        if self.fixed:
            self.source.line(f"{self.varied()} += {self.fixed}")
        self.source.depth -= 1
        self.fixed = outside

    def shift_in(self, bits: str, width: str) -> None:
        """Append what is as wide as ``width`` says at run time."""
        self.source.line(f"{self.variable} = {self.variable} << {width} | {bits}")
        self.source.line(f"{self.varied()} += {width}")

    def adopt(self, body: Bits, head: str, head_width: int) -> None:
        """Append ``head`` and then what another accumulator holds."""
        self.flush()
        width = self.source.fresh("k")
        self.source.line(f"{width} = {body.width()}")
        above = f"({self.variable} << {head_width} | {head})" if self.begun else head
        self.source.line(f"{self.variable} = {above} << {width} | {body.variable}")
        self.begun = True
        self.fixed += head_width
        if self.counter is None:
            self.counter = width
        else:
            self.source.line(f"{self.counter} += {width}")

    def width(self) -> str:
        """Return the expression of the number of bits."""
        if self.counter is None:
            return str(self.fixed)
        return f"{self.counter} + {self.fixed}" if self.fixed else self.counter


class Encoder(Source):
    """Writes the encoding function of one type; ``function_of`` gives that of another by name."""

    def __init__(self, dictionary: Dictionary, function_of: Callable[[str], runtime.Encode]) -> None:
        super().__init__(dictionary, "function(value)")
        self.function_of = function_of

    def call(self, name: str) -> str:
        """Return the name of another type's function."""
        return self.constant(self.function_of(name), f"encode_{identifier(name)}")

    def indices(self, names: tuple[str, ...]) -> str:
        """Return the name of the map from an enumeration's names to their indices."""
        for name, value in self.constants.items():
            if isinstance(value, dict) and tuple(value) == names:
                return name
        return self.table({name: i for i, name in enumerate(names)})

    def value(self, of: Type, given: str, into: Bits) -> None:
        """Append the value that the expression ``given`` yields."""
        shape = self.dictionary.shape(of)
        match shape:
            case Integer():
                number = self.variable(given)
                self.require([f"not {shape.low} <= {number} <= {shape.high}"])
                offset = f"({number} {'-' if shape.low > 0 else '+'} {abs(shape.low)})" if shape.low else number
                into.put(shape.width + shape.extensible, offset)
            case Boolean():
                into.put(1, f"(True if {given} else False)")
            case Enumerated():
                into.put(shape.width + shape.extensible, f"{self.indices(shape.names)}[{given}]")
            case BitString():
                data, count = self.fresh("x"), self.fresh("c")
                self.line(f"{data}, {count} = {given}")
                self.require([f"{count} != {shape.size}", f"len({data}) != {(shape.size + 7) // 8}"])
                number = f"from_bytes({data}, 'big')"
                self.constant(int.from_bytes, "from_bytes")
                into.put(
                    shape.size + shape.extensible, f"({number} >> {-shape.size % 8})" if shape.size % 8 else number
                )
            case OctetString():
                self.octets(shape, given, into)
            case Characters():
                text = self.variable(given)
                self.bounded(f"len({text})", shape.low, shape.high, into)
                self.varying(f"{self.constant(runtime.put_text, 'put_text')}({text}), 7 * len({text})", into)
            case SequenceOf():
                self.sequence_of(shape, given, into)
            case Sequence() if self.inlined(of):
                self.sequence(shape, given, into)
            case Choice() if self.inlined(of):
                self.choice(shape, given, into)
            case _:
                assert isinstance(of, Named)
                self.varying(f"{self.call(of.name)}({given})", into)

    def variable(self, given: str) -> str:
        """Return a variable that holds the value of an expression."""
        if given.isidentifier():
            return given
        variable = self.fresh("x")
        self.line(f"{variable} = {given}")
        return variable

    def varying(self, pair: str, into: Bits) -> None:
        """Append (bits, number of bits) that an expression yields."""
        bits, width = self.fresh("v"), self.fresh("k")
        into.prepare()
        self.line(f"{bits}, {width} = {pair}")
        into.shift_in(bits, width)

    def bounded(self, count: str, low: int, high: int, into: Bits) -> None:
        """Append a count within bounds."""
        number = self.variable(count)
        self.require([f"not {low} <= {number} <= {high}"])
        into.put((high - low).bit_length(), f"({number} - {low})" if low else number)

    def octets(self, shape: OctetString, given: str, into: Bits) -> None:
        data = self.variable(given)
        self.constant(int.from_bytes, "from_bytes")
        if shape.high is None:
            self.varying(f"{self.constant(runtime.put_octets, 'put_octets')}({data})", into)
        elif shape.low == shape.high:
            self.require([f"len({data}) != {shape.low}"])
            into.put(8 * shape.low + shape.extensible, f"from_bytes({data}, 'big')")
        else:
            if shape.extensible:
                into.put(1, "0")
            self.bounded(f"len({data})", shape.low, shape.high, into)
            self.varying(f"from_bytes({data}, 'big'), 8 * len({data})", into)

    def sequence_of(self, shape: SequenceOf, given: str, into: Bits) -> None:
        values, element = self.variable(given), self.fresh("e")
        if shape.high is None:
            self.require([f"len({values}) >= 128"])
            into.put(8, f"len({values})")
        else:
            self.bounded(f"len({values})", shape.low, shape.high, into)
        into.prepare()
        self.line(f"for {element} in {values}:")
        into.branch(lambda: self.value(shape.element, element, into))

    def choice(self, shape: Choice, given: str, into: Bits) -> None:
        name, inner = self.fresh("x"), self.fresh("x")
        self.line(f"{name}, {inner} = {given}")
        into.prepare()
        width = shape.width + (shape.additions is not None)
        for i, member in enumerate(shape.members):

            def alternative(i: int = i, of: Type = member.type) -> None:
                if width:
                    into.put(width, str(i))
                self.value(of, inner, into)

            self.line(f"{'if' if i == 0 else 'elif'} {name} == {member.name!r}:")
            into.branch(alternative)
        for i, member in enumerate(shape.additions or ()):

            def addition(i: int = i, of: Type = member.type) -> None:
                into.put(8, str(0x80 | i))
                into.flush()
                self.open_value(of, inner, into)

            self.line(f"elif {name} == {member.name!r}:")
            into.branch(addition)
        self.line("else: raise NotPlain")

    def open_value(self, of: Type, given: str, into: Bits) -> None:
        """Append a known extension addition, which has a type with a name."""
        assert isinstance(of, Named)
        self.varying(f"{self.constant(runtime.put_open, 'put_open')}({self.call(of.name)}({given}))", into)

    def sequence(self, shape: Sequence, given: str, into: Bits) -> None:
        """Append a sequence: the preamble is known only when all members are written, so it is shifted in above them."""
        values = self.variable(given)
        optionals = len(shape.optionals)
        extension = shape.additions is not None
        if not optionals and not shape.additions:
            self.require([f"len({values}) != {len(shape.members)}"])
            if extension:
                into.put(1, "0")
            for member in shape.members:
                self.value(member.type, f"{values}[{member.name!r}]", into)
            return
        body, preamble = Bits(self), self.fresh("p")
        self.line(f"{preamble} = 0")
        seen = 0
        for member in shape.members:
            got = f"{values}[{member.name!r}]"
            if not member.optional:
                self.value(member.type, got, body)
                continue
            body.prepare()
            seen += 1

            def present(bit: int = 1 << optionals - seen, of: Type = member.type, got: str = got) -> None:
                self.line(f"{preamble} |= {bit}")
                self.value(of, got, body)

            self.line(f"if {member.name!r} in {values}:")
            body.branch(present)
        mandatory = len(shape.members) - optionals
        if not mandatory:
            self.require([f"type({values}) is not dict"])
        if shape.additions:
            self.additions(shape, values, preamble, body, mandatory)
        else:
            self.require([f"len({values}) != {mandatory} + {preamble}.bit_count()"])
        body.flush()
        into.adopt(body, preamble, optionals + extension)

    def additions(self, shape: Sequence, values: str, preamble: str, body: Bits, mandatory: int) -> None:
        """Append the extension additions that are present, and set the extension bit where there are any."""
        known = shape.additions or ()
        bitmap = self.fresh("p")
        terms = [f"({m.name!r} in {values}) << {len(known) - 1 - i}" for i, m in enumerate(known)]
        self.line(f"{bitmap} = {' | '.join(terms)}")
        body.prepare()

        def written() -> None:
            self.line(f"{preamble} |= {1 << len(shape.optionals)}")
            body.put(7 + len(known), f"({(len(known) - 1) << len(known)} | {bitmap})")
            body.flush()
            for member in known:

                def one(of: Type = member.type, got: str = f"{values}[{member.name!r}]") -> None:
                    self.open_value(of, got, body)

                self.line(f"if {member.name!r} in {values}:")
                body.branch(one)

        self.line(f"if {bitmap}:")
        body.branch(written)
        mask = (1 << len(shape.optionals)) - 1
        self.require([f"len({values}) != {mandatory} + ({preamble} & {mask}).bit_count() + {bitmap}.bit_count()"])


def encoder(dictionary: Dictionary, name: str, function_of: Callable[[str], runtime.Encode]) -> runtime.Encode:
    """Return the encoding function of a type: ``value -> (bits, number of bits)``.

    It raises whatever comes up for all that is not a plain value of the type.
    """
    source = Encoder(dictionary, function_of)
    shape = dictionary.shape(name)
    into = Bits(source)
    match shape:
        case Sequence():
            source.sequence(shape, "value", into)
        case Choice():
            source.choice(shape, "value", into)
        case _:
            source.value(shape, "value", into)
    into.flush()
    source.line(f"return {into.variable}, {into.width()}")
    function: Any = source.compile(name)
    return function  # type: ignore[no-any-return]
