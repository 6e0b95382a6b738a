# SPDX-License-Identifier: BSD-2-Clause
"""Expected results for the unit tests, worked out from the specification without the code under
test.

The transition vectors are also stated as lemmas about the Why3 model (model/vectors_gen.mlw), so
that model and tests cannot differ; the encoder vectors are worked out in bits where the code uses
arithmetic.
"""


def guard_holds(guard, count, limit):
    return {"any": True, "zero": count == 0, "nonzero": count > 0, "below_max": count < limit}[
        guard
    ]


def transition_vectors(context):
    """Every state against every operation, at the counts where something can change."""
    limit = context["pages"]["count"]["max"]
    vectors = []
    for op, t in enumerate(context["transitions"]):
        for s in context["states"]:
            for count in (0, 1, 2, limit - 1, limit) if s["counted"] else (0,):
                new = (s["value"], count)
                if s["name"] != t["from"]:
                    error = t["error"]
                elif not guard_holds(t["guard"], count, limit):
                    error = t["guard_error"]
                else:
                    error = None
                    new = (
                        t["to_value"],
                        {"keep": count, "zero": 0, "inc": count + 1, "dec": count - 1}[t["effect"]],
                    )
                vectors.append(
                    {
                        "op": op,
                        "name": t["name"],
                        "state": s,
                        "count": count,
                        "error": error,
                        "new": new,
                        "clears": int(error is None and t["clears"]),
                    }
                )
    return vectors


def life_vectors(context):
    """Every operation on a VM against every state of the VM, of a vCPU, and with something in its way or nothing."""
    vm, vectors = context["vm"], []
    for o in context["operations"]:
        for v in vm["vm_state"]:
            for c in vm["vcpu_state"]:
                for busy in (0, 1):
                    new = (v["value"], c["value"])
                    if v["name"] != o["vm_from"]:
                        error = o["vm_errors"][v["name"]]
                    elif o["vcpu_from"] and c["name"] != o["vcpu_from"]:
                        error = o["vcpu_errors"][c["name"]]
                    elif o["busy"] and busy:
                        error = o["busy_error"]
                    else:
                        error = None
                        new = (o["vm_to_value"], o["vcpu_to_value"] if o["vcpu_from"] else c["value"])
                    vectors.append(
                        {"name": o["name"], "vm": v, "vcpu": c, "busy": busy, "error": error, "new": new}
                    )
    return vectors


def leaf_vectors(context):
    last = context["geo"]["level_last"]
    vectors = []
    for a in context["attrs"]:
        for level in range(1, last + 1):
            unit = 1 << (context["geo"]["index_bits"] * (last - level))
            for pfn in (0, unit, 0x40000 // unit * unit, context["pfn_end"] - unit):
                pte = (
                    a["value"] | (pfn << context["geo"]["page_bits"]) | (3 if level == last else 1)
                )
                vectors.append({"pfn": pfn, "level": level, "attrs": a["name"], "pte": pte})
                if a["stage"] == "s1" and level == last:
                    hinted = f"{a['name']} + DESC_CONTIGUOUS"
                    pte |= context["contiguous"]
                    vectors.append({"pfn": pfn, "level": level, "attrs": hinted, "pte": pte})
    return vectors


def index_vectors(context):
    bits, last = context["geo"]["index_bits"], context["geo"]["level_last"]
    pages = (0, 1, (1 << bits) - 1, 1 << bits, 0x40080, 0x123456789, context["pfn_end"] - 1)
    return [
        {
            "page": page,
            "level": level,
            "index": (page >> (bits * (last - level))) & ((1 << bits) - 1),
        }
        for page in pages
        for level in range(last + 1)
    ]


def argument_vectors(context):
    """Calls with one argument just outside its range and the others at their least."""
    hc, vectors = context["hc"], []
    for call in hc["call"]:
        for i, arg in enumerate(call["args"]):
            values = [(arg["max"] + 1, arg["above"]), ((1 << 64) - 1, arg["above"])]
            if arg["min"] > 0:
                values.append((arg["min"] - 1, arg["below"]))
            for value, error in values:
                args = [value if j == i else other["min"] for j, other in enumerate(call["args"])]
                vectors.append(
                    {"call": call["name"], "args": (args + [0, 0, 0])[:3], "error": error}
                )
        if len(call["args"]) == 2 and call["args"][1]["unit"] == "count":
            args = [call["args"][0]["max"], 2, 0]
            vectors.append(
                {"call": call["name"], "args": args, "error": hc["convention"]["range_error"]}
            )
    return vectors


def limit_vectors(context):
    """Calls with one argument at the end of its range and the others at their least: not the error of the next value."""
    return [
        {
            "call": call["name"],
            "args": ([arg["max"] if j == i else other["min"] for j, other in enumerate(call["args"])] + [0, 0, 0])[:3],
            "error": arg["above"],
        }
        for call in context["hc"]["call"]
        for i, arg in enumerate(call["args"])
    ]


def psci_vectors(context):
    listed = [{"id": p["id"], "disposition": p["disposition"]} for p in context["hc"]["psci_call"]]
    ids = {p["id"] for p in listed}
    # neighbours, and a listed id with a bit above 31: 64-bit ids must not be cut down
    others = sorted({i + 1 for i in ids} - ids) + [(1 << 32) | min(ids), 0, (1 << 64) - 1]
    return listed + [{"id": i, "disposition": "refuse"} for i in others]


def vectors(context):
    return {
        "transition_vectors": transition_vectors(context),
        "life_vectors": life_vectors(context),
        "leaf_vectors": leaf_vectors(context),
        "index_vectors": index_vectors(context),
        "argument_vectors": argument_vectors(context),
        "limit_vectors": limit_vectors(context),
        "psci_vectors": psci_vectors(context),
    }
