# SPDX-License-Identifier: BSD-2-Clause
"""QF_BV queries: the arithmetic form of every encoder and decoder equals the bit form of the
architecture's field.

WP reasons about integers and proves the C code against the arithmetic form (`/ % * +` by
constants). What that form means in bits is decided here, by a bit-vector prover. Each query states
the negation, so `unsat` is the expected answer.
"""

HEAD = """; SPDX-License-Identifier: BSD-2-Clause
; {title}. Expected: unsat. Generated from spec/{source}. Do not edit.
"""


def const(value):
    return f"(_ bv{value} 64)"


def extract(x, msb, lsb):
    """Bits msb to lsb of x as a 64-bit value."""
    width = msb - lsb + 1
    bits = f"((_ extract {msb} {lsb}) {x})"
    return bits if width == 64 else f"((_ zero_extend {64 - width}) {bits})"


def place(v, msb, lsb):
    """The low bits of v at msb to lsb of a value that is zero elsewhere."""
    parts = [f"((_ extract {msb - lsb} 0) {v})"]
    if msb < 63:
        parts.insert(0, f"(_ bv0 {63 - msb})")
    if lsb > 0:
        parts.append(f"(_ bv0 {lsb})")
    return parts[0] if len(parts) == 1 else f"(concat {' '.join(parts)})"


def divmod_form(x, lsb, width):
    return f"(bvurem (bvudiv {x} {const(1 << lsb)}) {const(1 << width)})"


def query(source, title, names, assumptions, claims):
    """One file: for all names, the assumptions imply every claim."""
    lines = [HEAD.format(title=title, source=source) + "(set-logic QF_BV)"]
    lines += [f"(declare-const {name} (_ BitVec 64))" for name in names]
    lines += [f"(assert {a})" for a in assumptions]
    lines += ["(assert (not (and true", *(f"  {c}" for c in claims), ")))", "(check-sat)", ""]
    return "\n".join(lines)


def register_queries(registers):
    source = "sysregs.toml"
    for r in registers:
        reg = r["name"].lower()
        claims = [
            f"(= (bvlshr (bvand x {const(int(f['mask'], 16))}) {const(f['lsb'])})"
            f" {extract('x', f['msb'], f['lsb'])})"
            for f in r["fields"]
        ]
        yield f"{reg}_masks", query(
            source, f"{r['name']}: shift and mask of each field", ["x"], [], claims
        )
        for f in r["fields"]:
            name, msb, lsb, width = f["name"].lower(), f["msb"], f["lsb"], f["msb"] - f["lsb"] + 1
            if f["get"]:
                claim = f"(= {divmod_form('x', lsb, width)} {extract('x', msb, lsb)})"
                yield f"{reg}_{name}", query(
                    source, f"{r['name']}.{f['name']}: decoder", ["x"], [], [claim]
                )
            if f["put"]:
                put = f"(bvmul v {const(f['unit'])})"
                claims = [
                    f"(= {put} {place('v', msb, lsb)})",
                    f"(= {extract(put, msb, lsb)} v)",
                    f"(=> (= {extract('x', msb, lsb)} {const(0)})"
                    f" (= (bvadd x {put}) (bvor x {put})))",
                ]
                title = f"{r['name']}.{f['name']}: encoder"
                small = f"(bvult v {const(f['end'])})"
                yield f"{reg}_{name}_put", query(source, title, ["x", "v"], [small], claims)


def descriptor_queries(c):
    """c: the context of descriptors.h.j2."""
    geo, desc = c["geo"], c["desc"]
    source, page, last = "descriptors.toml", c["page"], geo["level_last"]
    valid, kind, pfn = (desc["field"][n] for n in ("valid", "type", "pfn"))
    own = desc["annotation"]["owner"]

    def bit(x, field):
        return f"((_ extract {field['msb']} {field['lsb']}) {x})"

    is_valid = f"(= {bit('d', valid)} #b1)"
    low = f"(bvurem d {const(4)})"
    frame = divmod_form("d", pfn["lsb"], c["pfn_bits"])
    yield "pte_valid", query(
        source, "pte_valid", ["d"], [], [f"(= (= (bvurem d {const(2)}) {const(1)}) {is_valid})"]
    )
    claims = [
        f"(= (= {low} {const(3)}) (and {is_valid} (= {bit('d', kind)} #b1)))",
        f"(= (= {low} {const(1)}) (and {is_valid} (= {bit('d', kind)} #b0)))",
    ]
    yield "pte_kind", query(source, "pte_is_table and pte_is_leaf", ["d"], [], claims)
    claim = f"(= {frame} {extract('d', pfn['msb'], pfn['lsb'])})"
    yield "pte_pfn", query(source, "pte_pfn", ["d"], [], [claim])
    rest = f"(bvsub (bvsub d (bvmul {frame} {const(page)})) {low})"
    bits = f"(bvand d (bvnot {const((c['pfn_end'] - 1) * page + 3)}))"
    yield "pte_attrs", query(source, "pte_attrs", ["d"], [], [f"(= {rest} {bits})"])

    in_range = f"(bvult p {const(c['pfn_end'])})"
    placed = place("p", pfn["msb"], pfn["lsb"])
    claim = f"(= (bvadd (bvmul p {const(page)}) {const(3)}) (bvor {placed} {const(3)}))"
    yield "pte_make_table", query(source, "pte_make_table", ["p"], [in_range], [claim])
    clean = f"(= (bvand a {const((c['pfn_end'] - 1) * page + 3)}) {const(0)})"
    for name, low_bits in (("page", 3), ("block", 1)):
        leaf = f"(bvadd (bvadd a (bvmul p {const(page)})) {const(low_bits)})"
        claim = f"(= {leaf} (bvor a {placed} {const(low_bits)}))"
        yield f"pte_make_leaf_{name}", query(
            source, f"pte_make_leaf, {name}", ["p", "a"], [in_range, clean], [claim]
        )
    frame_of_a = divmod_form("a", pfn["lsb"], c["pfn_bits"])
    ok = f"(and (= (bvurem a {const(4)}) {const(0)}) (= {frame_of_a} {const(0)}))"
    yield "attrs_ok", query(
        source, "attrs_ok is: no valid, type or address bit", ["a"], [], [f"(= {ok} {clean})"]
    )

    for level in range(1, last):
        unit, low = page << (geo["index_bits"] * (last - level - 1)), 2 if level == last - 1 else 0
        block = f"(= (bvand d {const((unit << geo['index_bits']) - page + 3)}) {const(1)})"
        index = f"(bvult v {const(c['entries'])})"
        lsb = unit.bit_length() - 1
        whole = f"(bvor d {place('v', lsb + geo['index_bits'] - 1, lsb)} {const(low)})"
        claim = f"(= (bvadd (bvadd d (bvmul v {const(unit)})) {const(low)}) {whole})"
        yield f"pte_split_{level}", query(
            source, f"pte_split, level {level}", ["d", "v"], [block, index], [claim]
        )

    small = [f"(bvugt v {const(0)})", f"(bvult v {const(c['owner_end'])})"]
    note = f"(bvmul v {const(c['owner_unit'])})"
    claims = [
        f"(= {note} {place('v', own['msb'], own['lsb'])})",
        f"(= {extract(note, own['msb'], own['lsb'])} v)",
        f"(= {bit(note, valid)} #b0)",
        f"(not (= {note} {const(0)}))",
    ]
    yield "pte_annotation", query(source, "pte_annotation", ["v"], small, claims)
    owner = divmod_form("d", own["lsb"], own["msb"] - own["lsb"] + 1)
    claim = f"(= {owner} {extract('d', own['msb'], own['lsb'])})"
    yield "pte_annotation_owner", query(source, "pte_annotation_owner", ["d"], [], [claim])

    for level in range(last + 1):
        lsb = geo["index_bits"] * (last - level)
        index = divmod_form("n", lsb, geo["index_bits"])
        claim = f"(= {index} {extract('n', lsb + geo['index_bits'] - 1, lsb)})"
        yield f"table_index_{level}", query(
            source, f"table_index, level {level}", ["n"], [], [claim]
        )

    for a in c["attrs"]:
        layout = desc["attribute"][a["stage"]]
        claims = [
            f"(= {extract(const(a['value']), layout[n]['msb'], layout[n]['lsb'])} {const(v)})"
            for n, v in a["fields"].items()
        ]
        used = sum(((1 << (f["msb"] - f["lsb"] + 1)) - 1) << f["lsb"] for f in layout.values())
        claims.append(f"(= (bvand {const(a['value'])} (bvnot {const(used)})) {const(0)})")
        yield f"attrs_{a['name'].lower()}", query(
            source, f"{a['name']}: each field reads back", [], [], claims
        )

    hint, bits = const(c["contiguous"]), desc["hint"]["contiguous"]
    claims = [f"(= {hint} {place(const(1), bits['msb'], bits['lsb'])})"]
    for a in c["attrs"]:
        value = const(a["value"])
        claims.append(f"(= (bvadd {value} {hint}) (bvor {value} {hint}))")
        claims.append(f"(= (bvand {value} {hint}) {const(0)})")
    yield "contiguous", query(
        source, "DESC_CONTIGUOUS: one bit, which no attribute set has", [], [], claims
    )


def guest_queries(count):
    """A field of an ID register, taken by dividing by 16 again and again, is a nibble; putting one below is a shift."""
    source, claims, above = "guest_sysregs.toml", [], "x"
    for i in range(count):
        claims.append(f"(= (bvurem {above} {const(16)}) {extract('x', 4 * i + 3, 4 * i)})")
        above = f"(bvudiv {above} {const(16)})"
    yield "guest_id_fields", query(source, "fields of an ID register", ["x"], [], claims)
    small = [f"(bvult x {const(1 << 60)})", f"(bvult v {const(16)})"]
    claim = "(= (bvadd (bvmul x " + const(16) + ") v) (concat ((_ extract 59 0) x) ((_ extract 3 0) v)))"
    yield "guest_id_append", query(source, "one more field below", ["x", "v"], small, [claim])
    parts = [("op0", 21, 20), ("op1", 16, 14), ("crn", 13, 10), ("crm", 4, 1), ("op2", 19, 17)]
    units = [1 << 14, 1 << 11, 1 << 7, 1 << 3, 1]
    terms = [
        f"(bvmul {divmod_form('x', lsb, msb - lsb + 1)} {const(unit)})" for (_, msb, lsb), unit in zip(parts, units)
    ]
    total = terms[0]
    for term in terms[1:]:
        total = f"(bvadd {total} {term})"
    bits = " ".join(f"((_ extract {msb} {lsb}) x)" for _, msb, lsb in parts)
    yield "guest_sysreg_key", query(source, "key of a trapped access", ["x"], [], [f"(= {total} (concat (_ bv0 48) {bits}))"])


def queries(context):
    """Path below the output folder -> text, with the list of all of them."""
    files = {}
    every = (
        register_queries(context["registers"]),
        descriptor_queries(context),
        guest_queries(context["guest_fields"]),
    )
    for name, text in (pair for some in every for pair in some):
        files[f"qfbv/{name}.smt2"] = text
    files["qfbv/list.txt"] = "".join(f"{path.split('/')[1]}\n" for path in sorted(files))
    return files
