# SPDX-License-Identifier: BSD-2-Clause
"""The SPDX bill of materials of the image, and two in-toto statements about it."""

import glob
import hashlib
import os
import re

from . import verify

LICENCE = re.compile(r"SPDX-License-Identifier: ([\w.+ ()-]+?)\s*(?:\*/|-->|$)", re.M)
LIBFDT = "build/arm64/usr/lib/aarch64-linux-gnu/libfdt.a"
LINKED = ("src/arch/arm64/image.lds", "tools/build.mk")
BUILD_TOOLS = ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-as", "aarch64-linux-gnu-ld", "aarch64-linux-gnu-objcopy",
               "make", "python3")
PROOF_TYPE = "urn:hypatia:predicate:proof:1"


def image_files(root):
    """What the compiler read for the image, as it says itself, and what the linker was told."""
    found = {name for name in LINKED if os.path.exists(os.path.join(root, name))}
    for path in glob.glob(os.path.join(root, "build/image/**/*.d"), recursive=True):
        with open(path, encoding="utf-8") as file:
            rule = file.read().split("\n\n")[0].replace("\\\n", " ").splitlines()[0]
        found |= {os.path.normpath(name) for name in rule.split(":", 1)[1].split()}
    return sorted(name for name in found if os.path.isfile(os.path.join(root, name)))


def _licence(text):
    match = LICENCE.search(text[:400])
    return match[1].strip() if match else "NOASSERTION"


def _file(root, name, number):
    with open(os.path.join(root, name), "rb") as file:
        data = file.read()
    licence = _licence(data.decode(errors="replace"))
    return {"SPDXID": f"SPDXRef-file-{number}", "fileName": "./" + name,
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
                          {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()}],
            "licenseConcluded": licence, "licenseInfoInFiles": [licence], "copyrightText": "NOASSERTION"}


def _package(ident, name, version, licence, **more):
    return {"SPDXID": f"SPDXRef-{ident}", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
            "copyrightText": "NOASSERTION", **more}


def sbom(root, base):
    files = [_file(root, name, number) for number, name in enumerate(image_files(root), 1)]
    sums = "".join(sorted(one["checksums"][0]["checksumValue"] for one in files))
    licences = sorted({one["licenseConcluded"] for one in files})
    image = _package("image", "hypatia.img", base["commit"][:12], "BSD-2-Clause", primaryPackagePurpose="FIRMWARE",
                     checksums=[{"algorithm": "SHA256", "checksumValue": base["image"]["sha256"]}])
    image.update(filesAnalyzed=True, licenseInfoFromFiles=licences,
                 packageVerificationCode={"packageVerificationCodeValue": hashlib.sha1(sums.encode()).hexdigest()})
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image")]
    relations += [("SPDXRef-image", "CONTAINS", one["SPDXID"]) for one in files]
    packages = [image]
    library = os.path.join(root, LIBFDT)
    if os.path.exists(library):
        debs = glob.glob(os.path.join(root, "build/packages/libfdt-dev_arm64/*.deb"))
        version = os.path.basename(debs[0]).split("_")[1] if debs else "NOASSERTION"
        packages.append(_package("libfdt", "libfdt", version, "GPL-2.0-or-later OR BSD-2-Clause",
                                 checksums=[{"algorithm": "SHA256", "checksumValue": verify.sha256(library)}]))
        relations.append(("SPDXRef-image", "STATIC_LINK", "SPDXRef-libfdt"))
    for name in sorted({base["tools"][tool]["package"] for tool in BUILD_TOOLS} - {""}):
        ident = "tool-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
        packages.append(_package(ident, name, base["packages"].get(name, "NOASSERTION"), "NOASSERTION"))
        relations.append((f"SPDXRef-{ident}", "BUILD_TOOL_OF", "SPDXRef-image"))
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "hypatia.img",
        "documentNamespace": f"urn:hypatia:sbom:{base['commit']}:{base['image']['sha256']}",
        "creationInfo": {"created": base["time"], "creators": ["Tool: reports/evidence.py"]},
        "packages": packages, "files": files,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in relations],
    }


def _statement(base, kind, predicate):
    return {"_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "hypatia.img", "digest": {"sha256": base["image"]["sha256"]}}],
            "predicateType": kind, "predicate": predicate}


def provenance(root, base):
    inputs = [{"name": "sources", "digest": {"gitCommit": base["commit"]}}]
    if os.path.exists(os.path.join(root, LIBFDT)):
        inputs.append({"name": "libfdt.a", "digest": {"sha256": verify.sha256(os.path.join(root, LIBFDT))}})
    inputs += [{"name": name, "digest": {"sha256": base["tools"][name]["sha256"]},
                "annotations": {"package": base["tools"][name]["package"], "version": base["tools"][name]["version"]}}
               for name in BUILD_TOOLS]
    return _statement(base, "https://slsa.dev/provenance/v1", {
        "buildDefinition": {
            "buildType": "urn:hypatia:build:make:1", "externalParameters": {"target": "image"},
            "internalParameters": base["configuration"]["flags"], "resolvedDependencies": inputs},
        "runDetails": {"builder": {"id": "urn:hypatia:builder:user"}, "metadata": {"invocationId": base["commit"]}},
    })


def proof(root, base, result, assumptions):
    return _statement(base, PROOF_TYPE, {
        "commit": base["commit"], "inputs": result["inputs"], "mode": result["mode"], "summary": {
            name: result["summary"][name] for name in ("goals", "proved", "unproved", "smoke_failures", "assumptions")},
        "proof": {"file": verify.PROOF, "sha256": verify.sha256(os.path.join(root, verify.PROOF))},
        "tools": result["tools"], "configuration": {name: base["configuration"][name]
                                                    for name in ("wp", "engine", "limits")},
        "assumptions": assumptions,
    })
