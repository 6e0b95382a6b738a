# SPDX-License-Identifier: BSD-2-Clause
"""A small tree for the campaign: two C units, a theory, two bit-vector queries and an image, all proved in a few seconds."""

import pathlib

TAG = "/* SPDX-License-Identifier: BSD-2-Clause */\n"

# In place of the proof from bytes: one routine, whose bytes are there or are not.
BYTES = """# SPDX-License-Identifier: BSD-2-Clause
import json
import sys
if "--list" in sys.argv:
    print(json.dumps(["start/order"]))
    sys.exit(0)
with open(sys.argv[sys.argv.index("--elf") + 1], "rb") as file:
    good = b"the routine" in file.read()
if "--same" in sys.argv:
    print("bytes: " + ("as proved" if good else "start: not the bytes that were proved"))
    sys.exit(not good)
print(json.dumps({"goals": {"start/order": {"verdict": "proved" if good else "failed", "text": "", "steps": 1,
                                            "seconds": 0.0}}, "routines": {}, "elf": "", "tools": {}}))
"""

FILES = {
    "proofs/bytes/prove.py": BYTES,
    "spec/assembly.toml": "# SPDX-License-Identifier: BSD-2-Clause\nname = \"start\"\n",
    "build/hypatia.elf": "the routine\n",
    "src/hyp/low.h": TAG + """#ifndef LOW_H
#define LOW_H
typedef unsigned int u32;
extern u32 low_state;
/*@ requires small: a < 1000;
    terminates \\true; exits \\false; assigns \\nothing;
    ensures value: \\result == 2 * a; */
u32 low_twice(u32 a);
/*@ terminates \\true; exits \\false; assigns low_state;
    ensures set: low_state <= 7;
    ensures kept: a <= 7 ==> low_state == a; */
void low_set(u32 a);
#endif
""",
    "src/hyp/low.c": TAG + """#include "low.h"
u32 low_state;

u32 low_twice(u32 a)
{
	return a + a;
}

void low_set(u32 a)
{
	low_state = a % 8;
}
""",
    "src/hyp/high.h": TAG + """#ifndef HIGH_H
#define HIGH_H
#include "low.h"
/*@ requires small: a < 500;
    terminates \\true; exits \\false; assigns \\nothing;
    ensures four: \\result == 4 * a; */
u32 high_four(u32 a);
/*@ terminates \\true; exits \\false; assigns \\nothing;
    ensures least: n <= 100 ==> \\result >= n; */
u32 high_rest(u32 n);
#endif
""",
    "src/hyp/high.c": TAG + """#include "high.h"

u32 high_four(u32 a)
{
	return low_twice(low_twice(a));
}

u32 high_rest(u32 n)
{
	return n % 101;
}
""",
    "model/sum.mlw": """(* SPDX-License-Identifier: BSD-2-Clause *)
theory Sum
  use int.Int
  lemma twice: forall x: int. x + x = 2 * x
  lemma grows: forall x y: int. x > 0 -> y > 0 -> x * y >= x
end
""",
    "build/gen/qfbv/list.txt": "# queries\nand.smt2\nor.smt2\n",
    "build/gen/qfbv/and.smt2": "(set-logic QF_BV)\n(declare-const a (_ BitVec 8))\n"
                               "(assert (not (= (bvand a a) a)))\n(check-sat)\n",
    "build/gen/qfbv/or.smt2": "(set-logic QF_BV)\n(declare-const a (_ BitVec 8))\n"
                              "(assert (not (= (bvor a a) a)))\n(check-sat)\n",
    "spec/assumptions.toml": """# SPDX-License-Identifier: BSD-2-Clause
[[assumption]]
id = "ASM-T-001"
kind = "tool"
text = "The provers are right."
reason = "They are used."
evidence = "Two of them."
where = ["proofs/units.toml"]
""",
    "spec/requirements.toml": """# SPDX-License-Identifier: BSD-2-Clause
[[requirement]]
id = "REQ-T-001"
text = "Four times is twice the double."
why = "A test."
model = ["sum.Sum.twice"]
contract = ["high_four.four"]
code = ["high_four", "low_twice"]
test = []
""",
    "proofs/units.toml": """# SPDX-License-Identifier: BSD-2-Clause
[wp]
include = ["src/hyp"]
model = ["model"]
drivers = []
options = ["-c11", "-machdep", "gcc_x86_64", "-kernel-warn-key", "annot:missing-spec=abort", "-wp-rte",
           "-warn-unsigned-overflow", "-warn-unsigned-downcast", "-wp-check-memory-model", "-wp-smoke-tests"]
""",
}


class Tree:
    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name, old, new):
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name}: '{old}' stands there {text.count(old)} times"
        self.write(name, text.replace(old, new))
