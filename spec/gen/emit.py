# SPDX-License-Identifier: BSD-2-Clause
"""Turn the checked specification into files: values are computed here, text stands in templates/.
"""
import pathlib
import textwrap
import uuid

import jinja2

import calls
import check
import guests
import qfbv
import vectors


def c64(value):
    """A 64-bit constant for C; constants that assembly uses too go through SYSREG_U64."""
    return f"0x{value:x}ul"


def cwrap(text):
    return "\n * ".join(textwrap.wrap(" ".join(text.split()), 96))


def c_banner(source, text):
    body = "".join(f" * {line}".rstrip() + "\n" for line in text.split("\n"))
    return f"/*\n{body} * Generated from spec/{source}. Do not edit.\n */"


def why_banner(source, text):
    return f"(* {text} Generated from spec/{source}. Do not edit. *)"


def environment():
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).resolve().parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["c64"] = c64
    env.filters["cwrap"] = cwrap
    env.filters["oneline"] = lambda text: " ".join(text.split())
    env.filters["acsl_arg"] = lambda name: f"integer {name}"
    env.filters["acsl_type"] = lambda name: "integer"
    env.filters["asm_columns"] = lambda line: line.replace(" ", "\t", 1)
    env.globals["c_banner"] = c_banner
    env.globals["why_banner"] = why_banner
    return env


# ---------------------------------------------------------------------------------------- ownership


def state_or(states):
    """Why3 condition on s: one of the states whose key has the value."""

    def build(key, value=True):
        chosen = [s for s in states if key is True or s[key] == value]
        return " \\/ ".join(f"s = {s['value']}" for s in chosen) or "false"

    return build


def ownership(spec):
    states = spec["pages"]["state"]
    values = {s["name"]: s["value"] for s in states}
    errors = {e["name"]: e["value"] for e in spec["hypercalls"]["error"]}
    transitions = []
    for t in spec["pages"]["transition"]:
        transitions.append(
            t
            | {
                "from_value": values[t["from"]],
                "to_value": values[t["to"]],
                "guard_error": t.get("guard_error"),
                "guard_error_value": errors.get(t.get("guard_error")),
                "error_value": errors[t["error"]],
            }
        )
    predicates = [
        {"name": n, "args": ["s"]} for n in ("host_may", "hyp_may", "host_owns", "hyp_owns", "guest_owns")
    ]
    predicates.append({"name": "frame_inv", "args": ["s", "c"]})
    functions = []
    for t in transitions:
        predicates.append({"name": f"can_{t['name']}", "args": ["s", "c"]})
        functions += [
            {"name": n, "args": ["s", "c"]}
            for n in (f"err_{t['name']}", f"{t['name']}_state", f"{t['name']}_count")
        ]
    return {
        "pages": spec["pages"],
        "states": states,
        "transitions": transitions,
        "error_value": errors,
        "own_predicates": predicates,
        "own_functions": functions,
        "state_or": state_or(states),
    }


# -------------------------------------------------------------------------------- virtual machines


def error_list(errors, states, values):
    """The error for each state of a table, by ascending value."""
    numbers = {s["name"]: s["value"] for s in states}
    return [
        {"state": numbers[name], "name": error, "value": values[error]}
        for name, error in sorted(errors.items(), key=lambda item: numbers[item[0]])
    ]


def virtual_machines(spec):
    vm = spec["vm"]
    errors = {e["name"]: e["value"] for e in spec["hypercalls"]["error"]}
    pages = spec["pages"]["state"]
    value = {
        key: {s["name"]: s["value"] for s in states}
        for key, states in (("vm", vm["vm_state"]), ("vcpu", vm["vcpu_state"]), ("page", pages))
    }
    operations = [
        dict.fromkeys(("vcpu_from", "vcpu_to", "vcpu_errors", "busy", "busy_error"))
        | o
        | {
            "vm_from_value": value["vm"][o["vm_from"]],
            "vm_to_value": value["vm"][o["vm_to"]],
            "vcpu_from_value": value["vcpu"].get(o.get("vcpu_from")),
            "vcpu_to_value": value["vcpu"].get(o.get("vcpu_to")),
            "vm_error_list": error_list(o["vm_errors"], vm["vm_state"], errors),
            "vcpu_error_list": error_list(o.get("vcpu_errors", {}), vm["vcpu_state"], errors),
            "busy_error_value": errors.get(o.get("busy_error")),
        }
        for o in vm["operation"]
    ]
    transitions = [
        {"guard_error": None, "declared": False}
        | t
        | {
            "from_value": value["page"][t["from"]],
            "to_value": value["page"][t["to"]],
            "error_value": errors[t["error"]],
            "guard_error_value": errors.get(t.get("guard_error")),
        }
        for t in vm["page_transition"]
    ]

    def vm_or(key, variable):
        """Why3 condition on a variable: one of the states that hold a frame."""
        chosen = [s for s in vm[key] if s["holds"]]
        return " \\/ ".join(f"{variable} = {s['value']}" for s in chosen) or "false"

    def page_or(key, wanted=True):
        chosen = [s for s in pages if key == "name" or s[key] == wanted]
        return " \\/ ".join(f"s = {s['value']}" for s in chosen) or "false"

    base = {name for t in spec["pages"]["transition"] for name in (t["from"], t["to"])}
    predicates = [{"name": n, "args": ["v"]} for n in ("is_vm", "vm_holds", "is_vcpu", "vcpu_holds")]
    functions = []
    for o in operations:
        predicates.append({"name": f"can_{o['name']}", "args": ["v", "c", "b"]})
        functions += [
            {"name": n, "args": ["v", "c", "b"]}
            for n in (f"err_{o['name']}", f"{o['name']}_vm", f"{o['name']}_vcpu")
        ]
    return {
        "vm": vm,
        "life_predicates": predicates,
        "life_functions": functions,
        "move_predicates": [f"can_{t['name']}" for t in transitions],
        "move_functions": [
            n for t in transitions for n in (f"err_{t['name']}", f"{t['name']}_state", f"{t['name']}_count")
        ],
        "base": " \\/ ".join(f"s = {s['value']}" for s in pages if s["name"] in base),
        "operations": operations,
        "page_transitions": transitions,
        "vm_or": vm_or,
        "page_or": page_or,
    }


# --------------------------------------------------------------------------------------- vCPUs


def register_code(encoding):
    """The name by which the assembler knows any register of the system space."""
    op0, op1, crn, crm, op2 = encoding
    return f"S{op0}_{op1}_C{crn}_C{crm}_{op2}"


def other_code(register):
    """The encoding by which EL2 reaches a switched register while E2H is 1, and its name."""
    if not register["e2h"]:
        return register["encoding"], register["name"].lower()
    op0, _, *rest = register["encoding"]
    return [op0, 5, *rest], register["name"].lower().replace("_el1", "_el12").replace("_el0", "_el02")


# Of the frame that a vCPU keeps, and of a vector of 512 bits.
FRAME_WORDS = 512
VECTOR_WORDS = 8


def contexts(spec):
    vcpu = spec["vcpu"]
    names = [f"X{n}" for n in range(31)] + ["PC", "PSTATE"]
    first = len(names)
    names += [r["name"] for r in vcpu["switched"]]
    # The low half of V0: a name for all of V0 to V31.
    vectors = [f"V{n // 2}" + "_HI" * (n % 2) for n in range(64)]
    fp = names + vectors + [r["name"] for r in vcpu["fp"]]
    gic = fp + [r["name"] for r in vcpu["gic"]]
    keys = gic + [r["name"] for r in vcpu["key"]]
    sve = keys + [r["name"] for r in vcpu["sve"]]
    debug = sve + [r["name"] for r in guests.debug_registers(vcpu)]
    common = debug + [c["name"] for c in vcpu["common"]]
    # The end of the frame: P0 to P15 and FFR, a word each; Z0 to Z31, VECTOR_WORDS each.
    vectors_first = FRAME_WORDS - 32 * VECTOR_WORDS
    names = common + [o["name"] for o in vcpu["own"]]
    return {
        "vcpu": vcpu,
        "context_words": [(n, name) for n, name in enumerate(names) if name not in vectors[1:]],
        "context_size": len(names),
        "fp": [r | {"index": fp.index(r["name"])} for r in vcpu["fp"]],
        "gic": [
            r | {"index": len(fp) + n, "code": register_code(r["encoding"])} for n, r in enumerate(vcpu["gic"])
        ],
        "key": [
            r | {"index": len(gic) + n, "code": register_code(r["encoding"])} for n, r in enumerate(vcpu["key"])
        ],
        "debug": [
            r | {"index": len(keys) + n, "code": register_code(r["encoding"])}
            for n, r in enumerate(guests.debug_registers(vcpu))
        ],
        "switched_first": first,
        "switched": [
            r
            | {
                "index": first + n,
                "code": register_code(r["encoding"]),
                "code_e2h": register_code(other_code(r)[0]),
                "name_e2h": other_code(r)[1],
            }
            for n, r in enumerate(vcpu["switched"])
        ],
        "fp_first": first + len(vcpu["switched"]),
        "gic_first": len(fp),
        "keys_first": len(gic),
        "debug_first": len(sve),
        "common_first": len(debug),
        "sve_first": len(keys),
        "sve": [
            r
            | {
                "index": len(keys) + n,
                "code": register_code(r["encoding"]),
                "code_e2h": register_code(other_code(r)[0]),
            }
            for n, r in enumerate(vcpu["sve"])
        ],
        "frame_words": FRAME_WORDS,
        "vector_words": VECTOR_WORDS,
        "vectors_first": vectors_first,
        "predicates_first": vectors_first - 17,
        "own_first": len(common),
        "kept": [r["name"] for key in ("switched", "gic") for r in vcpu[key] if not r["set"]],
    }


# --------------------------------------------------------------------------------------- hypercalls


def hypercalls(spec):
    hc = spec["hypercalls"]
    uid = uuid.UUID(hc["convention"]["uid"]).bytes
    return {
        "hc": hc,
        # SMCCC: the UID's bytes 0 to 3 stand in w0 with byte 0 in the low-order position
        "uid_words": [int.from_bytes(uid[i : i + 4], "little") for i in range(0, 16, 4)],
        "psci_ids": lambda kind: [
            f"id == {p['id']}" for p in hc["psci_call"] if p["disposition"] == kind
        ],
    }


# -------------------------------------------------------------------------------------- descriptors


def width(field):
    return field["msb"] - field["lsb"] + 1


def attrs_value(desc, entry):
    layout = desc["attribute"][entry["stage"]]
    return sum(value << layout[name]["lsb"] for name, value in entry["fields"].items())


def descriptors(spec):
    desc = spec["descriptors"]
    geo = desc["geometry"]
    attrs = [a | {"value": attrs_value(desc, a)} for a in desc["attrs"]]
    mair = [{"name": n} | m for n, m in desc["mair"].items() if n != "doc"]

    owner = desc["annotation"]["owner"]
    return {
        "desc": desc,
        "geo": geo,
        "page": 1 << geo["page_bits"],
        "entries": 1 << geo["index_bits"],
        "pfn_bits": geo["address_bits"] - geo["page_bits"],
        "pfn_end": 1 << (geo["address_bits"] - geo["page_bits"]),
        "attrs": attrs,
        "contiguous": 1 << desc["hint"]["contiguous"]["lsb"],
        "mair": mair,
        "mair_value": sum(m["value"] << (8 * m["index"]) for m in mair),
        "owner_unit": 1 << owner["lsb"],
        "owner_end": 1 << width(owner),
    }


# --------------------------------------------------------------------------- registers, traps, init


def mask(msb, lsb):
    return ((1 << (msb - lsb + 1)) - 1) << lsb


def register_value(register, fields):
    return sum(
        1 << bit for bit in register.get("res1", []) if not covered(register, fields, bit)
    ) + sum(value << register["fields"][name][1] for name, value in fields.items())


def covered(register, fields, bit):
    """Whether a named field of the value already speaks for this bit."""
    return any(register["fields"][name][1] <= bit <= register["fields"][name][0] for name in fields)


def registers(spec):
    result = []
    for r in spec["sysregs"]["register"]:
        fields = [
            {
                "name": name,
                "msb": msb,
                "lsb": lsb,
                "mask": f"0x{mask(msb, lsb):x}",
                "unit": 1 << lsb,
                "end": 1 << (msb - lsb + 1),
                "get": name in r.get("get", []),
                "put": name in r.get("put", []),
            }
            for name, (msb, lsb) in sorted(
                r["fields"].items(), key=lambda item: (item[1][1], item[1][0])
            )
        ]
        values = [
            {"name": n, "value": f"0x{register_value(r, f):x}"}
            for n, f in r.get("values", {}).items()
        ]
        result.append({"name": r["name"], "doc": r["doc"], "fields": fields, "values": values})
    return result


def traps(spec):
    hcr = next(r for r in spec["sysregs"]["register"] if r["name"] == "HCR_EL2")
    return {
        "traps": spec["traps"],
        "hcr_values": [
            (name, f"0x{register_value(hcr, f):x}") for name, f in spec["traps"]["hcr"].items()
        ],
    }


# -------------------------------------------------------------------------------------------- files


PLAN = {
    "include/gen/pages.h": "pages.h.j2",
    "include/gen/hypercalls.h": "hypercalls.h.j2",
    "include/gen/layout.h": "layout.h.j2",
    "include/gen/descriptors.h": "descriptors.h.j2",
    "include/gen/sysregs.h": "sysregs.h.j2",
    "include/gen/guest_sysregs.h": "guest_sysregs.h.j2",
    "include/gen/guest_sysregs_table.h": "guest_sysregs_table.h.j2",
    "include/gen/guest_slots.h": "guest_slots.h.j2",
    "include/gen/guest_calls.h": "guest_calls.h.j2",
    "include/gen/traps.h": "traps.h.j2",
    "include/gen/vm.h": "vm.h.j2",
    "include/gen/vcpu.h": "vcpu.h.j2",
    "asm/el1_switch.S": "el1_switch.S.j2",
    "acsl/ownership.acsl": "ownership.acsl.j2",
    "acsl/vm.acsl": "vm.acsl.j2",
    "driver/ownership.driver": "ownership.driver.j2",
    "model/ownership_gen.mlw": "ownership_gen.mlw.j2",
    "model/vectors_gen.mlw": "vectors_gen.mlw.j2",
    "model/vm_gen.mlw": "vm_gen.mlw.j2",
    "model/vcpu_gen.mlw": "vcpu_gen.mlw.j2",
    "vectors/ownership_vectors.h": "ownership_vectors.h.j2",
    "vectors/vm_vectors.h": "vm_vectors.h.j2",
    "vectors/descriptor_vectors.h": "descriptor_vectors.h.j2",
    "vectors/hypercall_vectors.h": "hypercall_vectors.h.j2",
    "vectors/guest_sysreg_vectors.h": "guest_sysreg_vectors.h.j2",
    "vectors/guest_call_vectors.h": "guest_call_vectors.h.j2",
    "vectors/layout_vectors.h": "layout_vectors.h.j2",
    "oracle/ownership_oracle.h": "ownership_oracle.h.j2",
    "oracle/vm_oracle.h": "vm_oracle.h.j2",
    "oracle/move_oracle.h": "move_oracle.h.j2",
    "oracle/power_oracle.h": "power_oracle.h.j2",
    "docs/ownership.md": "ownership.md.j2",
    "docs/vm.md": "vm.md.j2",
    "docs/vcpu.md": "vcpu.md.j2",
    "docs/hypercalls.md": "hypercalls.md.j2",
    "docs/memory.md": "memory.md.j2",
    "docs/registers.md": "registers.md.j2",
    "docs/guest_sysregs.md": "guest_sysregs.md.j2",
    "docs/guest_calls.md": "guest_calls.md.j2",
    "docs/traps.md": "traps.md.j2",
    "docs/init.md": "init.md.j2",
    "docs/assembly.md": "assembly.md.j2",
    "docs/requirements.md": "requirements.md.j2",
    "docs/assumptions.md": "assumptions.md.j2",
}


# Routine of init.toml -> the state of model/mmu.mlw in which it starts.
ROUTINES = {"mmu_on": "start_off", "switch_pgd": "start_old"}


def carveout_vectors(pool):
    frame = pool["carveout"]["frame_bytes"]
    return [
        {
            "ram_frames": (mib << 20) // frame,
            "cpus": n,
            "bytes": check.carveout_bytes(pool, (mib << 20) // frame, n),
        }
        for mib in pool["carveout"]["check_mib"]
        for n in pool["carveout"]["check_cpus"]
    ]


def outputs(spec):
    """Path below the output folder -> text."""
    env = environment()
    context = ownership(spec) | virtual_machines(spec) | contexts(spec) | hypercalls(spec) | descriptors(spec) | traps(spec)
    context |= {
        "pool": spec["pool"],
        "carveout_vectors": carveout_vectors(spec["pool"]),
        "registers": registers(spec),
        "init": spec["init"],
        "assembly": spec["assembly"],
        "requirements": spec["requirements"]["requirement"],
        "assumptions": spec["assumptions"]["assumption"],
    }
    context |= guests.table(spec)
    context |= calls.table(spec)
    context |= vectors.vectors(context)
    files = {path: env.get_template(name).render(context) for path, name in PLAN.items()}
    for name, start in ROUTINES.items():
        routine = context | {"name": name, "sw": spec["init"][name], "start": start}
        files[f"asm/{name}.S"] = env.get_template("routine.S.j2").render(routine)
        files[f"model/{name}_gen.mlw"] = env.get_template("routine_gen.mlw.j2").render(routine)
    return files | qfbv.queries(context)


MANIFEST = "files.txt"


def write(folder, files):
    """Write what differs, and remove what an earlier specification gave and this one does not."""
    files = {**files, MANIFEST: "".join(f"{path}\n" for path in sorted(files))}
    manifest = folder / MANIFEST
    if manifest.exists():
        for path in set(manifest.read_text().splitlines()) - set(files):
            (folder / path).unlink(missing_ok=True)
    for path, text in sorted(files.items()):
        target = folder / path
        if target.exists() and target.read_text() == text:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
