# SPDX-License-Identifier: BSD-2-Clause
"""What no JSON Schema can say of one file: names that must exist, values that must differ, bits
that must not overlap.
"""
import calls
import guests
from emit import FRAME_WORDS, VECTOR_WORDS
from load import SpecError

# Calls of PSCI that name where a CPU goes on; forwarded, the CPU would enter EL2 where the host
# says.
ENTRY_POINT_CALLS = (
    "PSCI_CPU_SUSPEND",
    "PSCI_CPU_ON",
    "PSCI_CPU_DEFAULT_SUSPEND",
    "PSCI_SYSTEM_SUSPEND",
)


# Clauses that every contract of an assembly routine has, or may have.
RESERVED = ("paths", "memory", "order", "exit", "preserved", "calls", "loops", "aligned")


def unique(name, key, entries, attribute):
    seen = {}
    for i, entry in enumerate(entries):
        value = entry[attribute]
        if value in seen:
            raise SpecError(name, [key, i, attribute], f"{value} is taken by {key}.{seen[value]}")
        seen[value] = i


def known(name, path, value, allowed, what):
    if value not in allowed:
        raise SpecError(name, path, f"{value} is not {what}")


def check_pages(spec):
    pages = spec["pages"]
    unique("pages", "state", pages["state"], "name")
    unique("pages", "state", pages["state"], "value")
    unique("pages", "transition", pages["transition"], "name")
    states = {s["name"]: s for s in pages["state"]}
    errors = {e["name"] for e in spec["hypercalls"]["error"]}
    if [
        s for s in pages["state"] if s["value"] == 0 and s["owner"] == "host" and not s["counted"]
    ] == []:
        raise SpecError(
            "pages", ["state"], "value 0 must be the host's own, because metadata starts as zeros"
        )
    for i, t in enumerate(pages["transition"]):
        for key in ("from", "to"):
            known("pages", ["transition", i, key], t[key], states, "a state")
        if (t["guard"] == "any") == ("guard_error" in t):
            raise SpecError(
                "pages",
                ["transition", i, "guard_error"],
                "is to be there exactly when the guard can fail",
            )
        for key in ("error", "guard_error"):
            if (error := t.get(key)) is not None:
                known("pages", ["transition", i, key], error, errors, "an error of hypercalls.toml")


def check_vm(spec):
    vm, pages = spec["vm"], spec["pages"]
    errors = {e["name"] for e in spec["hypercalls"]["error"]}
    for key in ("vm_state", "vcpu_state"):
        unique("vm", key, vm[key], "name")
        unique("vm", key, vm[key], "value")
    for key in ("vm_state", "vcpu_state"):
        if [s for s in vm[key] if s["value"] == 0 and not s["holds"]] == []:
            raise SpecError("vm", [key], "value 0 must hold no frame, because the table starts as zeros")
    for key, entries in (("operation", vm["operation"]), ("page_transition", vm["page_transition"])):
        unique("vm", key, entries, "name")
        unique("vm", key, entries + pages["transition"], "name")
    for i, o in enumerate(vm["operation"]):
        for kind in ("vm", "vcpu"):
            if f"{kind}_from" not in o:
                continue
            states = {s["name"] for s in vm[f"{kind}_state"]}
            for key in (f"{kind}_from", f"{kind}_to"):
                known("vm", ["operation", i, key], o[key], states, f"a {kind}_state")
            others = states - {o[f"{kind}_from"]}
            if set(o[f"{kind}_errors"]) != others:
                raise SpecError(
                    "vm", ["operation", i, f"{kind}_errors"], f"must name exactly {', '.join(sorted(others))}"
                )
        for error in [*o["vm_errors"].values(), *o.get("vcpu_errors", {}).values(), o.get("busy_error")]:
            if error is not None:
                known("vm", ["operation", i], error, errors, "an error of hypercalls.toml")
    states = {s["name"] for s in pages["state"]}
    for i, t in enumerate(vm["page_transition"]):
        for key in ("from", "to"):
            known("vm", ["page_transition", i, key], t[key], states, "a state")
        if (t["guard"] == "any") == ("guard_error" in t):
            raise SpecError(
                "vm",
                ["page_transition", i, "guard_error"],
                "is to be there exactly when the guard can fail",
            )
        for error in (t["error"], t.get("guard_error")):
            if error is not None:
                known("vm", ["page_transition", i], error, errors, "an error of hypercalls.toml")


def check_vcpu(spec):
    vcpu = spec["vcpu"]
    for key, attribute in (
        ("switched", "name"),
        ("fp", "name"),
        ("gic", "name"),
        ("key", "name"),
        ("sve", "name"),
        ("debug", "name"),
        ("common", "name"),
        ("own", "name"),
        ("exit", "name"),
        ("exit", "value"),
        ("flag", "name"),
        ("flag", "value"),
    ):
        unique("vcpu", key, vcpu[key], attribute)
    words = {}
    debug = guests.debug_registers(vcpu)
    for key in ("switched", "fp", "gic", "key", "sve", "debug", "common", "own"):
        for i, r in enumerate(debug if key == "debug" else vcpu[key]):
            if r["name"] in words:
                raise SpecError("vcpu", [key, i, "name"], f"{r['name']} is taken by {words[r['name']]}")
            words[r["name"]] = f"{key}.{i}"
    bits = {}
    for name, bit in vcpu["fault"].items():
        if bit in bits:
            raise SpecError("vcpu", ["fault", name], f"{bit} is taken by {bits[bit]}")
        bits[bit] = name
    known_to = {tuple(r["encoding"]): r["name"] for r in spec["assembly"]["register"]}
    unique("vcpu", "debug", [{"encoding": tuple(r["encoding"])} for r in debug], "encoding")
    for key in ("switched", "fp", "gic", "key", "sve"):
        unique("vcpu", key, [{"encoding": tuple(r["encoding"])} for r in vcpu[key]], "encoding")
        for i, r in enumerate(vcpu[key]):
            if (name := known_to.get(tuple(r["encoding"]))) not in (None, r["name"].lower()):
                raise SpecError("vcpu", [key, i, "encoding"], f"is that of {name} in assembly.toml")
    # VCPU_GET_REG and VCPU_SET_REG reach every register of a guest: the last stands at the end of the frame.
    words = 33 + 64 + len(debug) + sum(len(vcpu[key]) for key in ("switched", "fp", "gic", "key", "sve", "common", "own"))
    if words > FRAME_WORDS - 32 * VECTOR_WORDS - 17:
        raise SpecError("vcpu", ["own"], "the context reaches into what SVE has of the frame")
    for i, call in enumerate(spec["hypercalls"]["call"]):
        if call["name"] in ("VCPU_GET_REG", "VCPU_SET_REG") and call["args"][0]["max"] != FRAME_WORDS - 1:
            raise SpecError("hypercalls", ["call", i, "args", 0, "max"], f"is to be the last word of a frame, {FRAME_WORDS - 1}")
    names = {r["name"] for r in vcpu["switched"]} | {"PC", "PSTATE"}
    for name in vcpu["reset"]:
        known("vcpu", ["reset", name], name, names, "a word of the context")
    values = {name for r in spec["sysregs"]["register"] for name in r.get("values", {})}
    for name, value in vcpu["reset"].items():
        known("vcpu", ["reset", name], value, values, "a value of sysregs.toml")
    if next(e for e in vcpu["exit"] if e["name"] == "NONE")["value"] != 0:
        raise SpecError("vcpu", ["exit"], "NONE must be 0, because a context starts as zeros")


def check_operation(spec, i, call):
    """A call for an operation on a VM: it can end with each error of the operation, and of the frame's transition."""
    vm = spec["vm"]
    operations = {o["name"]: o for o in vm["operation"]}
    known("hypercalls", ["call", i, "operation"], call["operation"], operations, "an operation of vm.toml")
    o = operations[call["operation"]]
    transitions = {t["name"]: t for t in vm["page_transition"]}
    frame = {"give": ("vm_give",), "take_back": ("vm_return",), "none": ()}[o["frame"]]
    # A handle is reserved by looking for a free one, and only who has loaded a vCPU puts it.
    own = o["name"] in ("reserve_vm", "vcpu_put")
    found = [] if own else [*o["vm_errors"].values(), *o.get("vcpu_errors", {}).values(), o.get("busy_error")]
    for error in [*found, *(transitions[name]["error"] for name in frame)]:
        if error is not None and error not in call["errors"]:
            raise SpecError("hypercalls", ["call", i, "errors"], f"{o['name']} can fail with {error}")
    limits = vm["limits"]
    ends = {
        "handle": (limits["handle_base"], limits["handle_base"] + limits["vms"] - 1),
        "vcpu": (0, limits["vcpus"] - 1),
    }
    for j, arg in enumerate(call["args"]):
        if arg["name"] in ends and (arg["min"], arg["max"]) != ends[arg["name"]]:
            low, high = ends[arg["name"]]
            raise SpecError("hypercalls", ["call", i, "args", j], f"goes from {low} to {high}, as limits of vm.toml say")


def check_hypercalls(spec):
    hc = spec["hypercalls"]
    for key, attributes in (
        ("status", ("name", "value")),
        ("error", ("name", "value")),
        ("call", ("name", "number")),
        ("page_right", ("name", "value")),
        ("stat", ("name", "value")),
        ("standard", ("name", "id")),
        ("psci_return", ("name", "value")),
        ("psci_call", ("name", "id")),
    ):
        for attribute in attributes:
            unique("hypercalls", key, hc[key], attribute)
    errors = {e["name"] for e in hc["error"]}
    for key in ("range_error", "not_ram_error"):
        known("hypercalls", ["convention", key], hc["convention"][key], errors, "an error")
    transitions = {t["name"]: t for t in spec["pages"]["transition"]}
    for i, call in enumerate(hc["call"]):
        if call["number"] != i:
            raise SpecError(
                "hypercalls", ["call", i, "number"], f"is to be {i}: numbers have no holes"
            )
        for error in call["errors"]:
            known("hypercalls", ["call", i, "errors"], error, errors, "an error")
        for j, arg in enumerate(call["args"]):
            if arg["min"] > arg["max"]:
                raise SpecError("hypercalls", ["call", i, "args", j, "min"], "is above max")
            if (arg["min"] > 0) != ("below" in arg):
                raise SpecError(
                    "hypercalls",
                    ["call", i, "args", j, "below"],
                    "is to be there exactly when min is not 0",
                )
            for key in ("below", "above"):
                if key in arg:
                    known(
                        "hypercalls",
                        ["call", i, "args", j, key],
                        arg[key],
                        call["errors"],
                        "an error of this call",
                    )
        if "transition" in call:
            known(
                "hypercalls",
                ["call", i, "transition"],
                call["transition"],
                transitions,
                "a transition of pages.toml",
            )
            t = transitions[call["transition"]]
            for error in [t["error"], *([t["guard_error"]] if "guard_error" in t else [])]:
                if error not in call["errors"]:
                    raise SpecError(
                        "hypercalls", ["call", i, "errors"], f"{t['name']} can fail with {error}"
                    )
        if "operation" in call:
            check_operation(spec, i, call)
    stats = [s["value"] for s in hc["stat"]]
    stats_arg = next((c["args"][0] for c in hc["call"] if c["name"] == "HYP_STATS"), None)
    if stats_arg is not None and stats_arg["max"] != max(stats):
        raise SpecError(
            "hypercalls",
            ["call", "HYP_STATS", "args", 0, "max"],
            f"is to be {max(stats)}, the last of stat",
        )
    rights = {r["name"]: r["value"] for r in hc["page_right"]}
    give = sum(value for name, value in rights.items() if name != "PAGE_GIVE") + 1
    if rights.get("PAGE_GIVE") != give:
        raise SpecError("hypercalls", ["page_right"], f"PAGE_GIVE is to be there, and {give}: behind all the others")
    for i, call in enumerate(hc["call"]):
        if call["name"] == "VM_ACCESS" and call["args"][2]["max"] != give * give - 1:
            raise SpecError("hypercalls", ["call", i, "args", 2, "max"], f"is to be {give * give - 1}, all of page_right")
    for i, call in enumerate(hc["psci_call"]):
        if call["name"].endswith("_64") != (call["id"] >= 0xC4000000):
            raise SpecError(
                "hypercalls",
                ["psci_call", i, "id"],
                "names in _64 are SMC64 ids, 0xC4000000 and up, and only they",
            )
        if (
            call["disposition"] == "forward"
            and call["name"].removesuffix("_64") in ENTRY_POINT_CALLS
        ):
            raise SpecError(
                "hypercalls",
                ["psci_call", i, "disposition"],
                "has an entry point: EL3 must not get the host's",
            )


def carveout_bytes(pool, ram_frames, cpus):
    """The carve-out's size as hyp_carveout_size() computes it."""
    frame, align = pool["carveout"]["frame_bytes"], pool["carveout"]["align_bytes"]
    stacks = cpus * (pool["stack"]["pages"] + pool["stack"]["guard_pages"])
    meta = -(-ram_frames * pool["meta"]["bytes_per_frame"] // frame)
    root = pool["s2_root"]["pages"]
    frames = -(-(stacks + meta) // root) * root + root
    frames += pool["pool"]["base_pages"] + ram_frames // pool["pool"]["ram_divisor"]
    return -(-frames * frame // align) * align


def check_pool(spec):
    pool = spec["pool"]
    unique("pool", "part", pool["part"], "name")
    unique("pool", "lock", pool["lock"], "name")
    if [p["name"] for p in pool["part"]] != ["stacks", "meta", "s2_root", "pool"]:
        raise SpecError(
            "pool", ["part"], "the parts are stacks, meta, s2_root, pool, in this order"
        )
    meta = pool["meta"]
    if (
        len(
            {
                meta["state_offset"],
                meta["vm_offset"],
                meta["count_offset"],
                meta["count_offset"] + 1,
            }
        )
        != 4
    ):
        raise SpecError("pool", ["meta"], "state, VM and count overlap")
    c = pool["carveout"]
    for mib in c["check_mib"]:
        for cpus in c["check_cpus"]:
            ram = mib << 20
            size = carveout_bytes(pool, ram // c["frame_bytes"], cpus) + c["image_bytes_max"]
            bound = ram // c["bound_ram_divisor"] + c["bound_extra_bytes"]
            if size > bound:
                raise SpecError(
                    "pool",
                    ["pool"],
                    f"{size} bytes reserved of {mib} MiB with {cpus} CPUs; the bound is {bound}",
                )


def no_overlap(name, path, fields):
    used = {}
    for field, (msb, lsb) in fields.items():
        if msb < lsb:
            raise SpecError(name, [*path, field], f"msb {msb} is below lsb {lsb}")
        for bit in range(lsb, msb + 1):
            if bit in used:
                raise SpecError(name, [*path, field], f"bit {bit} belongs to {used[bit]}")
            used[bit] = field


def grants(entry, f):
    """What an attribute set really grants: (write, execute), at EL2 for stage 1 and to the host for
    stage 2.
    """
    if entry["stage"] == "s2":
        return bool(f["s2ap"] & 2), f["xn"] == 0
    never = f["pxn"] if entry["regime"] == "el2_0" else f["xn"]
    return f["ap2"] == 0, never == 0


def check_descriptors(spec):
    desc = spec["descriptors"]
    unique("descriptors", "attrs", desc["attrs"], "name")
    unique("descriptors", "owner", desc["owner"], "value")
    base = {n: (f["msb"], f["lsb"]) for n, f in (desc["field"] | desc["hint"]).items()}
    if base["pfn"] != (desc["geometry"]["address_bits"] - 1, desc["geometry"]["page_bits"]):
        raise SpecError(
            "descriptors", ["field", "pfn"], "does not span the address bits above the page offset"
        )
    if base["valid"] != (0, 0) or base["type"] != (1, 1):
        raise SpecError("descriptors", ["field"], "valid is bit 0 and type is bit 1")
    for stage, layout in desc["attribute"].items():
        no_overlap(
            "descriptors",
            ["attribute", stage],
            base | {n: (f["msb"], f["lsb"]) for n, f in layout.items()},
        )
    if base["contiguous"] != (52, 52):
        raise SpecError("descriptors", ["hint", "contiguous"], "is bit 52")
    owner = desc["annotation"]["owner"]
    if owner["lsb"] <= desc["field"]["valid"]["msb"] or owner["msb"] < owner["lsb"]:
        raise SpecError("descriptors", ["annotation", "owner"], "covers the valid bit, or nothing")
    for i, o in enumerate(desc["owner"]):
        if o["value"] >> (owner["msb"] - owner["lsb"] + 1):
            raise SpecError("descriptors", ["owner", i, "value"], "does not fit the annotation")
    indexes = {m["index"] for n, m in desc["mair"].items() if n != "doc"}
    for i, a in enumerate(desc["attrs"]):
        layout = desc["attribute"][a["stage"]]
        if set(a["fields"]) != set(layout):
            raise SpecError(
                "descriptors", ["attrs", i, "fields"], f"must be exactly {', '.join(layout)}"
            )
        for field, value in a["fields"].items():
            if value >> (layout[field]["msb"] - layout[field]["lsb"] + 1):
                raise SpecError(
                    "descriptors", ["attrs", i, "fields", field], f"{value} does not fit"
                )
        if (a["stage"] == "s2") != (a["regime"] in ("host", "guest")):
            raise SpecError(
                "descriptors",
                ["attrs", i, "regime"],
                "host and guest are stage 2's, el2 and el2_0 are stage 1's",
            )
        if (a["write"], a["exec"]) != grants(a, a["fields"]):
            raise SpecError(
                "descriptors", ["attrs", i], f"{a['name']}: write and exec do not match the fields"
            )
        if a["stage"] == "s1":
            if a["write"] and a["exec"]:
                raise SpecError(
                    "descriptors", ["attrs", i], f"{a['name']}: writable and executable at EL2"
                )
            if a["fields"]["attrindx"] not in indexes:
                raise SpecError(
                    "descriptors", ["attrs", i, "fields", "attrindx"], "no such index in mair"
                )
            if a["fields"]["ap1"] != (1 if a["regime"] == "el2" else 0):
                raise SpecError(
                    "descriptors",
                    ["attrs", i, "fields", "ap1"],
                    "is RES1 in the EL2 regime and 0 (no EL0) in EL2&0",
                )
        if a["fields"]["af"] != 1 and a["regime"] != "guest":
            raise SpecError(
                "descriptors", ["attrs", i, "fields", "af"], "is to be 1: no access-flag faults"
            )


def check_sysregs(spec):
    unique("sysregs", "register", spec["sysregs"]["register"], "name")
    for i, r in enumerate(spec["sysregs"]["register"]):
        apart = set(r.get("overlaps", []))
        for key in ("get", "put", "overlaps"):
            for field in r.get(key, []):
                known(
                    "sysregs", ["register", i, key], field, r["fields"], f"a field of {r['name']}"
                )
        no_overlap(
            "sysregs",
            ["register", i, "fields"],
            {n: f for n, f in r["fields"].items() if n not in apart},
        )
        for name, fields in r.get("values", {}).items():
            check_value("sysregs", ["register", i, "values", name], r, fields)


def check_value(name, path, register, fields):
    for field, value in fields.items():
        known(name, [*path, field], field, register["fields"], f"a field of {register['name']}")
        msb, lsb = register["fields"][field]
        if value >> (msb - lsb + 1):
            raise SpecError(name, [*path, field], f"{value} does not fit into {msb - lsb + 1} bits")


def check_init(spec):
    unique("init", "boot", spec["init"]["boot"], "name")
    facts = set()
    for i, step in enumerate(spec["init"]["boot"]):
        for fact in step["needs"]:
            known("init", ["boot", i, "needs"], fact, facts, f"given before {step['name']}")
        facts |= set(step["gives"])
    known("init", ["boot"], "host_runs", facts, "given by any step: the host is never entered")
    for routine in ("mmu_on", "switch_pgd"):
        steps = spec["init"][routine]["step"]
        if steps[-1]["op"] != "branch":
            raise SpecError(
                "init", [routine, "step", len(steps) - 1, "op"], "the last step is to be the branch"
            )


def check_traps(spec):
    traps = spec["traps"]
    hcr = next((r for r in spec["sysregs"]["register"] if r["name"] == "HCR_EL2"), None)
    if hcr is None:
        raise SpecError("sysregs", ["register"], "HCR_EL2 is missing")
    for mode, fields in traps["hcr"].items():
        check_value("traps", ["hcr", mode], hcr, fields)
        for field, value in {"RW": 1, "TSC": 1, "TGE": 0, "HCD": 0}.items():
            if fields.get(field, 0) != value:
                raise SpecError("traps", ["hcr", mode, field], f"is to be {value}")
    if traps["hcr"]["protected"].get("VM") != 1:
        raise SpecError(
            "traps", ["hcr", "protected", "VM"], "is to be 1: the host is confined by its stage 2"
        )
    unique("traps", "class", traps["class"], "ec")
    unique("traps", "class and other_class", traps["class"] + traps["other_class"], "name")


def check_assembly(spec):
    asm, init = spec["assembly"], spec["init"]
    for key, attribute in (
        ("routine", "name"),
        ("part", "name"),
        ("function", "name"),
        ("op", "op"),
        ("register", "name"),
        ("operation", "name"),
    ):
        unique("assembly", key, asm[key], attribute)
    for key in ("register", "operation"):
        codes = [{"encoding": tuple(entry["encoding"])} for entry in asm[key]]
        unique("assembly", key, codes, "encoding")
    values = {name for r in spec["sysregs"]["register"] for name in r.get("values", {})}
    for name in asm["constant"]:
        if name in values:
            raise SpecError("assembly", ["constant", name], "is a value of sysregs.toml already")
    generated = [name for name in init if name != "boot"]
    if set(asm["steps"]) != set(generated):
        raise SpecError(
            "assembly", ["steps"], f"are to be the routines of init.toml: {', '.join(generated)}"
        )
    operations = {op["op"] for op in asm["op"]}
    for routine in generated:
        for i, step in enumerate(init[routine]["step"]):
            if step["op"] not in operations:
                raise SpecError(
                    "assembly", ["op"], f"{step['op']}, {routine}.step.{i} of init.toml, is missing"
                )
    routines = {r["name"] for r in asm["routine"]} | set(generated)
    for i, part in enumerate(asm["part"]):
        known("assembly", ["part", i, "of"], part["of"], routines, "a routine with a contract")
        if part["name"] in routines:
            raise SpecError("assembly", ["part", i, "name"], f"{part['name']} has its own contract")
    registers = {r["name"] for r in asm["register"]} | {"daifset", "spsel"} | {r["name"].lower() for r in spec["vcpu"]["fp"]}
    for i, function in enumerate(asm["function"]):
        for name in function.get("registers", []):
            known("assembly", ["function", i, "registers"], name, registers, "in register")
    callable_names = routines | {f["name"] for f in asm["function"]}
    for i, routine in enumerate(asm["routine"]):
        check_routine(["routine", i], routine, registers, routines, callable_names, asm)


def check_routine(path, routine, registers, routines, callable_names, asm):
    """Every name in a routine's orders, exits and loops is known."""
    regions = {r["name"] for r in routine.get("region", [])}
    loops = [loop["name"] for loop in routine.get("loop", [])]
    operations = {op["name"] for op in asm["operation"]}
    plain = operations | {"isb", "eret", "wfe", "wfi", "smc #0", "hvc #0"}
    plain |= {f"loop {name}" for name in loops}
    plain |= {f"dsb {domain}" for domain in ("sy", "ish", "nsh", "ishst", "nshst", "st")}
    for i, loop in enumerate(routine.get("loop", [])):
        for region in loop.get("writes", []):
            known("assembly", [*path, "loop", i, "writes"], region, regions, "a region of the routine")
        check_order([*path, "loop", i, "each"], loop["each"], plain, registers, callable_names)
    for i, case in enumerate(routine["case"]):
        check_order([*path, "case", i, "order"], case["order"], plain, registers, callable_names)
        for name in case.get("ensures", {}):
            if name in RESERVED:
                raise SpecError(
                    "assembly", [*path, "case", i, "ensures", name], "is the name of another clause"
                )
        where, _, name = case["exit"].partition(" ")
        if where == "goto":
            known("assembly", [*path, "case", i, "exit"], name, routines, "a routine with a contract")


def check_order(path, order, plain, registers, callable_names):
    for i, text in enumerate(order):
        event = text.partition(" with ")[0].partition(" = ")[0]
        kind, _, name = event.partition(" ")
        if kind == "msr":
            known("assembly", [*path, i], name, registers, "a system register of register")
        elif kind == "call":
            known("assembly", [*path, i], name, callable_names, "a routine or a function")
        else:
            known("assembly", [*path, i], event, plain, "an event")


def check_registers_of_ids(spec):
    unique("requirements", "requirement", spec["requirements"]["requirement"], "id")
    unique("assumptions", "assumption", spec["assumptions"]["assumption"], "id")
    for i, r in enumerate(spec["requirements"]["requirement"]):
        # The generator, boot code, assembly and what the host has are outside of what is proved (spec/assumptions.toml).
        unproved = ("spec/", "src/boot/", "src/arch/", "host/")
        tested = all(link.startswith(unproved) for link in r["code"])
        if not r["model"] + r["contract"] and not tested:
            raise SpecError(
                "requirements", ["requirement", i], f"{r['id']} has neither theorem nor contract"
            )
        if not r["test"]:
            raise SpecError("requirements", ["requirement", i, "test"], f"{r['id']} has no test")


def check(spec):
    check_pages(spec)
    check_vm(spec)
    check_hypercalls(spec)
    check_pool(spec)
    check_descriptors(spec)
    check_sysregs(spec)
    guests.check(spec)
    calls.check(spec)
    check_init(spec)
    check_traps(spec)
    check_assembly(spec)
    check_vcpu(spec)
    check_registers_of_ids(spec)
