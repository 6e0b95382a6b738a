# SPDX-License-Identifier: BSD-2-Clause
"""The linked image: its instructions, its symbols, and which bytes the assembler wrote."""
import bisect
import struct

from elftools.elf.elffile import ELFFile

LANG_ASSEMBLER = 0x8001
NOP = 0xD503201F


class ImageError(Exception):
    """The ELF is not what the contracts speak of, in one line."""


class Image:
    def __init__(self, path):
        try:
            with open(path, "rb") as stream:
                elf = ELFFile(stream)
                self._read(elf)
        except OSError as error:
            raise ImageError(f"{path}: {error.strerror}") from error

    def _read(self, elf):
        sections = [(number, s) for number, s in enumerate(elf.iter_sections()) if s["sh_flags"] & 4]
        if len(sections) != 1:
            raise ImageError(f"{len(sections)} executable sections instead of one")
        number, section = sections[0]
        self.start, self.text = section["sh_addr"], section.data()
        self.end = self.start + len(self.text)
        self.symbols, self.functions = {}, []
        twice = set()
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            kind, name = symbol["st_info"]["type"], symbol.name
            if symbol["st_shndx"] in ("SHN_UNDEF", "SHN_ABS") or kind in ("STT_SECTION", "STT_FILE") or \
                    name.startswith("$"):
                continue
            if self.symbols.setdefault(name, symbol["st_value"]) != symbol["st_value"]:
                twice.add(name)
            if kind == "STT_FUNC" and symbol["st_shndx"] == number:
                self.functions.append((symbol["st_value"], symbol["st_value"] + symbol["st_size"], name))
        # Two things of one name (local symbols): neither can be spoken of.
        for name in twice:
            del self.symbols[name]
        self.assembly, self.compiled = [], []
        self._units(elf.get_dwarf_info())
        self.assembly.sort()
        self._places = sorted((value, name) for name, value in self.symbols.items())

    def _units(self, dwarf):
        lists = dwarf.range_lists()
        for unit in dwarf.iter_CUs():
            top = unit.get_top_DIE().attributes
            assembler = top["DW_AT_language"].value == LANG_ASSEMBLER
            name = top["DW_AT_name"].value.decode()
            for low, high in _ranges(top, unit, lists):
                if low < high and self.start <= low < self.end:
                    (self.assembly if assembler else self.compiled).append((low, high, name))

    def word(self, address):
        return struct.unpack_from("<I", self.text, address - self.start)[0]

    def address(self, name):
        if name not in self.symbols:
            raise ImageError(f"the image has no symbol '{name}' (or more than one)")
        return self.symbols[name]

    def place(self, address):
        """symbol+offset, the nearest symbol of the text at or below @address."""
        at = bisect.bisect_right(self._places, (address, "\x7f")) - 1
        while at >= 0 and not self.start <= self._places[at][0] < self.end:
            at -= 1
        if at < 0:
            return f"0x{address:x}"
        value, name = self._places[at]
        return name if value == address else f"{name}+0x{address - value:x}"

    def names_at(self, address):
        """Every symbol that stands at @address: what a reference to it may mean."""
        return sorted(name for name, value in self.symbols.items() if value == address)

    def is_assembly(self, address):
        return any(low <= address < high for low, high, _ in self.assembly)

    def unknown_bytes(self, packaged):
        """Executable bytes that are no padding, of neither the compiler nor the assembler nor a packaged function."""
        spans = sorted([(low, high) for low, high, _ in self.assembly + self.compiled] +
                       [(low, high) for low, high, name in self.functions if packaged(name)])
        at, found = self.start, []
        for low, high in [*spans, (self.end, self.end)]:
            found += [place for place in range(at, low, 4) if self.word(place) not in (0, NOP)]
            at = max(at, high)
        return [place for place in found if not self._linker_stub(place, spans)]

    def _linker_stub(self, place, spans):
        """The linker's way round Cortex-A53 erratum 843419: a load or store of compiled code, then a branch back behind
        it; where it stood is a branch to here, or still the instruction; in front of the first, a branch over them.
        """
        def known(address):
            return any(low <= address < high for low, high in spans) and not self.is_assembly(address)

        def stub(address):
            back = self._branch(address + 4)
            return back is not None and known(back - 4) and \
                (self._branch(back - 4) == address or self.word(back - 4) == self.word(address))

        if stub(place) or stub(place - 4):
            return True
        return self._branch(place) is not None and self.word(place + 4) == NOP and stub(place + 8)

    def _branch(self, address):
        """Target of the unconditional branch at @address."""
        if not self.start <= address < self.end or self.word(address) >> 26 != 5:
            return None
        offset = self.word(address) & 0x3FFFFFF
        return address + 4 * (offset - (1 << 26) if offset >> 25 else offset)


def _ranges(top, unit, lists):
    if "DW_AT_ranges" in top:
        found, base = [], top["DW_AT_low_pc"].value if "DW_AT_low_pc" in top else 0
        attribute = top["DW_AT_ranges"]
        if attribute.form == "DW_FORM_rnglistx":
            raise ImageError("debug information with an index of ranges")
        entries = lists.get_range_list_at_offset(attribute.value, cu=unit)
        for entry in entries:
            if hasattr(entry, "base_address"):
                base = entry.base_address
            else:
                shift = 0 if entry.is_absolute else base
                found.append((shift + entry.begin_offset, shift + entry.end_offset))
        return found
    if "DW_AT_low_pc" not in top:
        return []
    low, high = top["DW_AT_low_pc"].value, top["DW_AT_high_pc"]
    return [(low, high.value if high.form == "DW_FORM_addr" else low + high.value)]
